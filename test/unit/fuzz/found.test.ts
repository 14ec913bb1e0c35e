import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../../src/commands/main.ts';
import { localPythonIndex } from '../../../src/commands/open-target.ts';
import { makeRedactor } from '../../../src/config/secret.ts';
import { boundValues, FormatError } from '../../../src/formats/fields.ts';
import { decodeSegment } from '../../../src/formats/head-codec.ts';
import { parseMtime } from '../../../src/formats/metadata-codec.ts';
import { plainEtag } from '../../../src/stores/s3/keys.ts';
import { stateFromHeaders } from '../../../src/stores/s3/object-state.ts';
import { createIgnoreRules } from '../../../src/sync/ignore.ts';
import { createDeepMatcher } from '../../../src/sync/ignore-deep.ts';
import { isReservedSegment, parseKey } from '../../../src/sync/path.ts';
import { type Bench, createBench } from '../../support/cli.ts';
import { createWorld, summaryOf } from '../../support/machines.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let bench: Bench;
beforeEach(async () => {
  temp = await createTempDir();
  bench = createBench(temp.path);
});
afterEach(() => temp.remove());

describe('what fuzzing found: evidence that could be written down and not read again', () => {
  test('a modification time beyond 64 bits is no time', () => {
    expect(parseMtime('9223372036.854775807')).toBe(2n ** 63n - 1n);
    for (const text of ['9223372036.854775808', '999999999999', '-99999999999'])
      expect(parseMtime(text)).toBeUndefined();
  });

  test('an object with such a time does not spoil the base of the machine that fetches it', async () => {
    const world = createWorld();
    const machine = await world.machine('laptop');
    world.server.put('a', 'one', { mtime: '999999999999' });
    world.server.put('b', 'two');
    expect(summaryOf(await machine.sync())).toMatchObject({ downloaded: 2, problems: 0 });
    machine.user.remove('b');
    // A spoilt base would not know that `b` was here, and bring it back.
    expect(summaryOf(await machine.sync())).toMatchObject({ deletedRemote: 1, downloaded: 0 });
  });

  test('an ETag, a size or a version id that is none is refused, or not taken', () => {
    expect(() => plainEtag('x'.repeat(1025))).toThrow(expect.objectContaining({ code: 'STORE_FAILED' }));
    expect(() => stateFromHeaders({ 'content-length': '99999999999999999999' })).toThrow('size');
    expect(() => stateFromHeaders({ 'content-range': `bytes 0-1/${'9'.repeat(400)}` })).toThrow('size');
    expect(stateFromHeaders({ 'x-amz-version-id': 'v'.repeat(2000) }).token.versionId).toBeUndefined();
  });
});

describe('what fuzzing found: time and memory without a bound', () => {
  test('a segment that unpacks to millions of values is refused before it is parsed', () => {
    expect(() => boundValues('[1,2,[3]]', 3, 'x')).toThrow(FormatError);
    expect(() => boundValues('["a,b,c,[,{\\",,"]', 1, 'x')).not.toThrow();
    expect(() => decodeSegment(gzipSync(`[${'[],'.repeat(300_000)}1]`))).toThrow('too many values');
  });

  test('rules with many ** are asked folder by folder, and mean what they mean to git', () => {
    const deep = createDeepMatcher('**/a/**/a/**/b');
    expect(deep?.(`${'a/'.repeat(400)}c`)).toBe('silent');
    const rules = createIgnoreRules();
    rules.addRules('', 'x/**/y/**/z/**/*.o\n!x/**/y/**/z/**/keep.o\nx/**/**/**/q');
    for (const [path, ignored] of [
      ['x/y/z/f.o', true],
      ['x/1/2/y/3/z/4/5/f.o', true],
      ['x/y/z/keep.o', false],
      ['x/y/f.o', false],
      ['w/x/y/z/f.o', false],
      ['x/q', true],
      ['x/1/2/3/q', true],
    ] as const)
      expect([path, rules.ignores(path, false)]).toEqual([path, ignored]);
  });

  test('a line with many ** at its end stands for what is inside, and one with a slash for folders only', () => {
    const inside = createDeepMatcher('a/**/b/**/c/**');
    expect(inside?.('a/b/c')).toBe('silent');
    expect(inside?.('a/b/c/d')).toBe('ignored');
    expect(createDeepMatcher('!a/**/b/**/c/**/d')?.('a/b/c/d')).toBe('included');
    expect(createDeepMatcher('a/**/b/**/c/**/d/')?.('a/b/c/d')).toBe('silent');
    for (const line of ['# a/**/b/**/c/**', 'a/**/b', '**/a/**', '*'])
      expect(createDeepMatcher(line)).toBeUndefined();
  });

  test('the rules of the other side are read up to their bound, whatever the listing says of their size', async () => {
    const world = createWorld();
    const machine = await world.machine('laptop');
    machine.user.write('.syncignore', 'mine\n');
    await machine.sync();
    world.server.put('.syncignore', Buffer.alloc(3 * 1024 * 1024, 'x\n'));
    machine.user.write('.syncignore', 'mine too\n');
    const { store } = machine;
    let bytes = 0;
    machine.store = {
      ...store,
      list: async function* (options) {
        for await (const page of store.list(options))
          yield page.map((object) => ({ ...object, token: { ...object.token, sizeBytes: 10 } }));
      },
      get: async (key, options) => {
        const got = await store.get(key, options);
        if (got.kind !== 'found') return got;
        const whole = got.body;
        const body = (async function* () {
          for await (const chunk of whole)
            for (let at = 0; at < chunk.byteLength; at += 65_536) {
              bytes += 65_536;
              yield chunk.subarray(at, at + 65_536);
            }
        })();
        return { ...got, body };
      },
    };
    await machine.sync({ mode: 'preview', conflicts: 'skip' });
    expect(bytes).toBeLessThanOrEqual(3 * 1024 * 1024 - 65_536);
  });
});

describe('what fuzzing found: names and files of others', () => {
  test("s4's own folder is reserved in full-width digits too", () => {
    expect(isReservedSegment('.s\uff14')).toBe(true);
    expect(parseKey('a/.S\uff14/x')).toEqual({ ok: false, fault: 'reserved' });
  });

  test('a secret that is no text is no bug', () => {
    expect(makeRedactor(['\ud800 a long secret'])('text')).toBe('text');
  });

  test("Python S4's index is not read through a symlink", async () => {
    const secret = join(temp.path, 'outside.json');
    writeFileSync(secret, '{"a": {"local_timestamp": 1, "remote_timestamp": 1}}');
    const root = bench.folder('notes');
    symlinkSync(secret, join(root, '.index'));
    expect(await localPythonIndex(root)).toBeUndefined();
  });

  test('a marker that is none makes `doctor` and `edit` say so, and is no bug', async () => {
    const root = bench.folder('notes');
    await main(['add', root, 's3://bucket/notes', '--yes'], bench.process());
    bench.server('s3://bucket/notes').put('.s4/target.json', '{"garbage": true}');
    expect(await main(['doctor'], bench.process())).toBe(2);
    expect(await main(['edit', 'notes', '--region', 'x'], bench.process())).toBe(2);
    bench.disk(root).user.write('.s4/target.json', '[]');
    expect(await main(['doctor'], bench.process())).toBe(2);
  });

  test('empty folders that differ in case alone are told on a disk that folds it, and it comes to rest', async () => {
    const world = createWorld();
    const machine = await world.machine('mac', { foldsCase: true });
    for (const key of ['true/', 'TRUE/', 'both/', 'both/child'])
      world.server.put(key, key.endsWith('/') ? '' : 'text');
    await machine.sync();
    await machine.sync();
    machine.events.length = 0;
    expect(summaryOf(await machine.sync())).toMatchObject({ downloaded: 0, uploaded: 0, problems: 1 });
    expect(machine.events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          kind: 'problem',
          problem: expect.objectContaining({ code: 'name-twins' }),
        }),
      ]),
    );
  });
});
