import type { MemoryServerOptions } from '../../src/stores/memory/memory-server.ts';
import { FAULTS, type FaultName, LISTENING_FAULTS } from './faults.ts';

export interface Config {
  readonly server: MemoryServerOptions;
  readonly faults: readonly FaultName[];
  /** Cycles never overlap: what is promised where the store has neither conditions nor versions. */
  readonly serial?: true;
  /** Some disks take upper and lower case, and all normal forms, for one name. */
  readonly folding?: true;
  /** Versions are switched on in the middle: from then on the store ignores conditions. */
  readonly versionsLater?: true;
  /** Some clients keep their target open, and look at what they hear of. */
  readonly live?: true;
  /** A version that is kept by the store alone counts as lost. */
  readonly strict?: true;
}

const NO_CONDITIONS = {
  putIfAbsent: false,
  putIfMatch: false,
  multipartIfAbsent: false,
  multipartIfMatch: false,
  copyIfAbsent: false,
  copyIfMatch: false,
  deleteIfMatch: false,
} as const;
const CLAIMED = {
  putIfAbsent: true,
  putIfMatch: true,
  multipartIfAbsent: true,
  multipartIfMatch: true,
  copyIfAbsent: true,
  copyIfMatch: true,
  deleteIfMatch: true,
} as const;
const WHILE_UNVERSIONED = {
  putIfAbsent: 'unversioned',
  putIfMatch: 'unversioned',
  multipartIfAbsent: 'unversioned',
  multipartIfMatch: 'unversioned',
  copyIfAbsent: 'unversioned',
  copyIfMatch: 'unversioned',
  deleteIfMatch: 'unversioned',
} as const;

const without = (...names: readonly FaultName[]): readonly FaultName[] =>
  FAULTS.filter((name) => !names.includes(name));
// Where nothing guards a write, one that lands late cannot be told from a new one before it is seen.
const UNGUARDED = without('lagging-listing', 'late-request', 'stale-precondition');

export const CONFIGS = {
  full: { server: {}, faults: FAULTS, strict: true },
  unversioned: { server: { versioning: 'off' }, faults: FAULTS, strict: true },
  suspended: { server: { versioning: 'suspended' }, faults: FAULTS, strict: true },
  unguarded: { server: { enforces: NO_CONDITIONS }, faults: UNGUARDED, strict: true },
  zombies: { server: { enforces: NO_CONDITIONS }, faults: without('lagging-listing') },
  partly: {
    server: { enforces: { ...NO_CONDITIONS, putIfAbsent: true, putIfMatch: true }, sortedListing: false },
    faults: without('lagging-listing', 'late-request'),
    strict: true,
  },
  /** Claims to check the state that a deletion expects, and does not in the moment that counts. */
  hasty: {
    server: { enforces: { deleteIfMatch: false }, claims: CLAIMED },
    faults: without('late-request'),
    strict: true,
  },
  ceph: {
    server: { versioning: 'off', enforces: WHILE_UNVERSIONED },
    faults: UNGUARDED,
    versionsLater: true,
    strict: true,
  },
  folding: { server: {}, faults: FAULTS, folding: true, strict: true },
  bare: {
    server: { versioning: 'off', enforces: NO_CONDITIONS },
    faults: without(
      'lagging-listing',
      'late-request',
      'repeated-request',
      'foreign-write',
      'foreign-delete',
      'foreign-stale-metadata',
    ),
    serial: true,
    strict: true,
  },
  /** Loses data, as it must: proof that the simulation sees it. Run by name only. */
  liar: {
    server: { versioning: 'off', enforces: NO_CONDITIONS, claims: CLAIMED },
    faults: ['refused'],
    strict: true,
  },
  live: { server: {}, faults: [...FAULTS, ...LISTENING_FAULTS], live: true, strict: true },
} as const satisfies Record<string, Config>;
export type ConfigName = keyof typeof CONFIGS;
export const CONFIG_NAMES = (Object.keys(CONFIGS) as readonly ConfigName[]).filter((name) => name !== 'liar');

export function isConfigName(name: string): name is ConfigName {
  return name in CONFIGS;
}
