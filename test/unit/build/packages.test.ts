import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packages } from '../../../scripts/build/packages.mjs';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

interface Bundled {
  readonly width: (text: unknown, options?: { readonly ambiguousIsNarrow?: boolean }) => number;
  readonly tokenize: (text: string) => readonly { readonly type: string; readonly value?: string }[];
  readonly slice: (text: string, from: number, to: number) => string;
}

const ENTRY = `
  export { default as width } from 'string-width';
  export { tokenize } from '@alcalzone/ansi-tokenize';
  export { default as slice } from 'slice-ansi';
`;

/** The packages as they are in `dist`, or as they come. */
async function bundled(dir: string, plugins: typeof packages): Promise<Bundled> {
  const outfile = join(dir, `bundle-${plugins.length}.mjs`);
  await build({
    stdin: { contents: ENTRY, resolveDir: process.cwd() },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    plugins: [...plugins],
    logLevel: 'silent',
  });
  return (await import(pathToFileURL(outfile).href)) as Bundled;
}

describe('the packages in the bundle', () => {
  let temp: TempDir;
  let ours: Bundled;
  let theirs: Bundled;

  beforeAll(async () => {
    temp = await createTempDir();
    ours = await bundled(temp.path, packages);
    theirs = await bundled(temp.path, []);
  });

  afterAll(() => temp.remove());

  it('give every character of the basic plane the width that string-width gives it', () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0xffff; code++) {
      const text = String.fromCharCode(code);
      if (ours.width(text) !== stringWidth(text)) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  const piece = fc.oneof(
    fc.string({ unit: 'grapheme-ascii' }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\u001b[31m',
      '\u001b[39m',
      '\u001b[1;38;5;12m',
      '\u001b]8;;x\u0007',
      '│',
      '─',
      '⠋',
      '…',
      '█',
    ),
    fc.constantFrom('e\u0301', '1\ufe0f\u20e3', '👩‍👧', '日本', '한', '\u200d', '\r\n', 'ﾊﾞ'),
  );
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));

  it('measure any text as string-width does', () => {
    fc.assert(
      fc.property(text, (each) => ours.width(each) === stringWidth(each)),
      { numRuns: 2000 },
    );
  });

  it('leave options to string-width', () => {
    expect(ours.width('…', { ambiguousIsNarrow: false })).toBe(2);
    expect(ours.width(undefined)).toBe(0);
  });

  it('split and slice any text as the packages do', () => {
    fc.assert(
      fc.property(text, fc.nat(8), fc.nat(8), (each, from, length) => {
        expect(ours.tokenize(each)).toEqual(theirs.tokenize(each));
        expect(ours.slice(each, from, from + length)).toBe(theirs.slice(each, from, from + length));
      }),
      { numRuns: 1000 },
    );
  });

  it('are still what the build expects of them', () => {
    const yoga = readFileSync('node_modules/yoga-layout/dist/binaries/yoga-wasm-base64-esm.js', 'utf8');
    expect(yoga).toContain('typeof fetch');
    const conf = readFileSync('node_modules/conf/dist/source/index.js', 'utf8');
    expect(conf).toContain("from 'ajv/dist/2020.js'");
    expect(conf).toContain("from 'semver'");
  });
});
