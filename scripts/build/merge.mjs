// Splitting makes many small chunks of what several commands share, and Node takes a millisecond and more for each file.
// What the start needs in any case becomes one file again: `s4.js`, which the other files import from.
import { basename } from 'node:path';

/**
 * Puts the module `entry` and all that it imports statically into one file, but for what the modules `apart` need too:
 * a worker that imports its few lines from `s4.js` would load all of it.
 *
 * @param {import('esbuild').BuildResult<{ write: false, metafile: true }>} result - of a build with splitting
 * @param {string} entry - the file's name in the output folder, such as `s4.js`
 * @param {readonly string[]} apart - names of files in the output folder
 * @param {import('esbuild').BuildOptions} options - how the files are made smaller
 * @returns {Promise<Map<string, Uint8Array>>} contents by file name; what was merged is gone
 */
export async function mergeStart(result, entry, apart, options) {
  const texts = new Map(result.outputFiles.map(({ path, text }) => [basename(path), text]));
  const outputs = new Map(
    Object.entries(result.metafile.outputs).map(([path, output]) => [basename(path), output]),
  );
  const kept = new Set();
  for (const name of apart) staticImports(name, outputs, kept);
  const start = [...staticImports(entry, outputs)].filter((name) => !kept.has(name));
  const others = [...texts.keys()].filter((name) => !start.includes(name));

  const isInStart = (name) => start.includes(name);
  /** `export { … } from` of all that the file exports, where each name may be another in between. */
  const passOn = (name, between, from) => {
    const known = outputs.get(name).exports;
    return `export { ${known.map((one) => between(one, `m${start.indexOf(name)}_${one}`)).join(', ')} } from './${from}';`;
  };
  // Two files may export the same name: in the one file each has the number of where it comes from.
  const contents = [
    ...start.map((name) => passOn(name, (one, numbered) => `${one} as ${numbered}`, name)),
    `export * from './${entry}';`,
  ].join('\n');

  const files = {
    name: 'files',
    setup(setup) {
      setup.onResolve({ filter: /.*/ }, ({ path, kind, importer, namespace }) => {
        const name = path.replace(/^\.\//, '');
        if (kind === 'entry-point') return { path: name, namespace: name === entry ? 'start' : 'made' };
        if (namespace === 'door' || !isInStart(name)) return { path, external: true };
        if (kind === 'dynamic-import')
          throw new Error(`${importer} loads ${name} later, and the start loads it`);
        return { path: name, namespace: namespace === 'start' || isInStart(importer) ? 'made' : 'door' };
      });
      setup.onLoad({ filter: /.*/, namespace: 'start' }, () => ({ contents }));
      setup.onLoad({ filter: /.*/, namespace: 'made' }, ({ path }) => ({ contents: texts.get(path) }));
      setup.onLoad({ filter: /.*/, namespace: 'door' }, ({ path }) => ({
        contents: passOn(path, (one, numbered) => `${numbered} as ${one}`, entry),
      }));
    },
  };
  // An install without dev dependencies has no esbuild, and must be able to load this file.
  const { build } = await import('esbuild');
  const merged = await build({
    ...options,
    entryPoints: [entry, ...others],
    bundle: true,
    format: 'esm',
    plugins: [files],
  });
  return new Map(merged.outputFiles.map(({ path, contents: bytes }) => [basename(path), bytes]));
}

/** `name` and what it imports without a condition, in any depth. */
function staticImports(name, outputs, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const { path, kind, external } of outputs.get(name).imports)
    if (kind === 'import-statement' && external !== true) staticImports(basename(path), outputs, seen);
  return seen;
}
