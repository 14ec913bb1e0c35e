import manifest from '../../package.json' with { type: 'json' };

/** The version of this s4, as in package.json; the bundle has it inlined. */
export const VERSION: string = manifest.version;
