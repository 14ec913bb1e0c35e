// What the bundle makes of some packages. Each entry says why; a package that no longer has what is replaced here fails
// the build (or test/unit/build/packages.test.ts), rather than being half replaced.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const own = join(dirname(fileURLToPath(import.meta.url)), 'text.js');

/** @type {(name: string, filter: RegExp, contents: string) => import('esbuild').Plugin} */
const replaced = (name, filter, contents) => ({
  name,
  setup(setup) {
    setup.onResolve({ filter }, ({ path }) => ({ path, namespace: name }));
    setup.onLoad({ filter: /.*/, namespace: name }, () => ({ contents, loader: 'js' }));
  },
});

/** Ink asks for the devtools only under DEV; the package is not a dependency. */
const devtools = replaced('without-devtools', /^react-devtools-core$/, 'export default {};');

/**
 * A package below `conf` sends each signal to the process once more, after its own clean-up: a second signal ends s4 at
 * once, and what is under way would not be finished. Signals are s4's own to take; at the exit it may clean up.
 */
const secondSignal = replaced(
  'without-second-signal',
  /^when-exit$/,
  `import process from 'node:process';
  export default (callback) => void process.once('exit', () => callback());`,
);

/** `conf` validates by JSON Schema and migrates between versions of an app only where asked; s4 does neither with it: 350 KB. */
const NOT_ASKED = "throw new Error('s4 is built without it');";
const schemas = replaced(
  'without-json-schema',
  /^ajv(?:-formats$|\/)/,
  `export class Ajv2020 { constructor() { ${NOT_ASKED} } }
  export default () => { ${NOT_ASKED} };`,
);
const migrations = replaced(
  'without-migrations',
  /^semver$/,
  `const no = () => { ${NOT_ASKED} };
  export default { eq: no, clean: no, satisfies: no, lte: no, gt: no };`,
);

/** Yoga carries its WebAssembly as a data URL and fetches it, which loads all of Node's HTTP client (40 ms). It can decode it itself. */
const yoga = {
  name: 'yoga-without-fetch',
  setup(setup) {
    setup.onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, async ({ path }) => ({
      contents: `const fetch = undefined;\n${await readFile(path, 'utf8')}`,
      loader: 'js',
    }));
  },
};

/** One `string-width` for all packages, which loads its tables when a text needs them; and the same for what splits texts. */
const text = {
  name: 'text-on-demand',
  setup(setup) {
    setup.onResolve({ filter: /^string-width$/ }, ({ importer, resolveDir, pluginData }) => {
      if (importer !== own) return { path: own };
      if (pluginData === own) return undefined;
      return setup.resolve('string-width', { kind: 'require-call', importer, resolveDir, pluginData: own });
    });
    setup.onLoad(
      { filter: /(?:slice-ansi|ansi-tokenize)[/\\].*tokenize(?:-ansi)?\.js$/ },
      async ({ path }) => ({
        contents: `import { Segmenter } from ${JSON.stringify(own)};\n${changed(path, await readFile(path, 'utf8'))}`,
        loader: 'js',
      }),
    );
  },
};

function changed(path, source) {
  const result = source.replace('new Intl.Segmenter(', 'new Segmenter(');
  if (result === source)
    throw new Error(`${path} no longer makes an Intl.Segmenter: see scripts/build/packages.mjs`);
  return result;
}

export const packages = [devtools, secondSignal, schemas, migrations, yoga, text];
