import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../../src/commands/main.ts';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { OpenUpload } from '../../../src/stores/s3/uploads.ts';
import { type Bench, createBench } from '../../support/cli.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

const DAY_MS = 86_400_000;

let temp: TempDir;
let bench: Bench;
let aborted: string[];
let found: readonly OpenUpload[];
beforeEach(async () => {
  temp = await createTempDir();
  bench = createBench(temp.path);
  await main(['add', bench.folder('notes'), 's3://bucket/notes', '--yes'], bench.process());
  bench.stdout.length = 0;
  aborted = [];
  const nowMs = bench.services.runtime.nowMs();
  found = [
    { key: 'old.bin' as ObjectKey, uploadId: 'u1', startedMs: nowMs - 8 * DAY_MS },
    { key: 'young.bin' as ObjectKey, uploadId: 'u2', startedMs: nowMs - 2 * DAY_MS },
    { key: 'now.bin' as ObjectKey, uploadId: 'u3', startedMs: nowMs - 3_600_000 },
  ];
  bench.uploads = {
    list: async () => found,
    abort: async ({ uploadId }) => {
      aborted.push(uploadId);
      return 'aborted';
    },
    close: () => {},
  };
});
afterEach(() => temp.remove());

async function gc(...flags: readonly string[]) {
  bench.stdout.length = 0;
  const exit = await main(['gc', ...flags], bench.process());
  return { exit, text: [...bench.stdout, ...bench.stderr].join('') };
}

describe('s4 gc', () => {
  test('removes nothing without a question or --yes, and names both', async () => {
    const { exit, text } = await gc();
    expect(exit).toBe(2);
    expect(text).toContain('--yes, or --dry-run');
    expect((await gc('--dry-run')).text).toContain('upload  old.bin (unfinished');
    bench.answers = ['n'];
    expect((await gc()).exit).toBe(0);
    expect(aborted).toEqual([]);
  });

  test('drops uploads that were begun a week ago, or as long ago as was said, but a day at least', async () => {
    expect((await gc('--yes')).text).toContain('1 unfinished upload');
    expect(aborted).toEqual(['u1']);
    found = found.slice(1);
    expect((await gc('--yes')).text).toContain('Nothing to remove in notes');
    bench.answers = ['y'];
    await gc('--older-than', '2h');
    expect(aborted).toEqual(['u1', 'u2']);
  });

  test('goes on where uploads may not be listed', async () => {
    bench.uploads = {
      ...bench.uploads,
      list: async () => {
        throw new S4Error('STORE_DENIED', 'denied');
      },
    } as NonNullable<Bench['uploads']>;
    const { exit, text } = await gc('--yes');
    expect(exit).toBe(0);
    expect(text).toContain('may not be listed');
  });

  test.each([
    ['younger than an hour', ['--older-than', '5min'], 'an hour'],
    ['no age', ['--older-than', 'soon'], 'Write a time'],
    ['a path', ['./notes/sub'], 'whole targets'],
  ])('%s is wrong', async (_, args, words) => {
    bench.folder('notes/sub');
    const { exit, text } = await gc(...args);
    expect(exit).toBe(2);
    expect(text).toContain(words);
  });
});
