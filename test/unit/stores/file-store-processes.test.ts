import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import type { FileStep } from '../../../src/stores/file/file-context.ts';
import { collect } from '../../contract/room.ts';
import { bundleChild, type Disk, makeDisk, putText, runChild, textAt } from './file-store-support.ts';

const key = 'folder/f';
let script = '';
let disk: Disk;

beforeAll(async () => {
  script = await bundleChild();
});
afterAll(() => rm(path.dirname(script), { recursive: true, force: true }));
beforeEach(() => {
  disk = makeDisk();
});
afterEach(() => disk.remove());

describe('file store, several processes', () => {
  test('four writers that match what they read lose no update, and every version is kept', async () => {
    await putText(disk.store, key, '0');
    const task = { kind: 'count', root: disk.root, times: 25 } as const;
    const exits = await Promise.all([1, 2, 3, 4].map(() => runChild(script, task)));
    expect(exits).toEqual(exits.map(() => ({ code: 0, signal: null, errors: '' })));
    expect(await textAt(disk.store, key)).toBe('100');
    expect(await collect(disk.store.versions(key as ObjectKey))).toHaveLength(101);
    expect(readdirSync(path.join(disk.root, '.s4/store/locks'))).toEqual([]);
    expect(readdirSync(path.join(disk.root, '.s4/store/tmp'))).toEqual([]);
  });
});

describe('file store, killed in a replacement', () => {
  const steps: readonly (readonly [FileStep, string])[] = [
    ['temp-written', 'old'],
    ['record-pending', 'old'],
    ['archived', 'old'],
    ['replaced', 'new'],
    ['recorded', 'new'],
  ];
  test.each(steps)('at %s the %s object is current, and the store goes on', async (dieAt, current) => {
    const before = await putText(disk.store, key, 'old', { mark: 'old' });
    const exit = await runChild(script, { kind: 'put', root: disk.root, text: 'new', dieAt });
    expect(exit.signal).toBe('SIGKILL');
    expect(await textAt(disk.store, key)).toBe(current);
    const listed = await collect(disk.store.list());
    expect(listed.map((each) => each.key)).toEqual([key]);
    const head = await disk.store.head(key as ObjectKey);
    if (head.kind !== 'found') throw new Error(head.kind);
    expect(listed[0]?.token).toEqual(head.state.token);
    // The old version keeps its identity and metadata; the new one has those it was written with.
    if (current === 'old')
      expect(head.state).toMatchObject({ token: { etag: before }, metadata: { mark: 'old' } });
    else expect(head.state.metadata['s4-write']).toMatch(/-new$/);
    expect(await textAt(disk.store, key, before)).toBe('old');
    await putText(disk.store, key, 'next');
    expect(await textAt(disk.store, key)).toBe('next');
    const versions = await collect(disk.store.versions(key as ObjectKey));
    expect(versions).toHaveLength(current === 'old' ? 2 : 3);
    expect(readdirSync(path.join(disk.root, '.s4/store/locks'))).toEqual([]);
  });
});

describe('file store, killed in a removal', () => {
  const steps: readonly FileStep[] = ['moved-to-versions', 'marked-deleted', 'record-dropped'];
  test.each(steps)('at %s it is removed, and its content kept', async (dieAt) => {
    const before = await putText(disk.store, key, 'old');
    const exit = await runChild(script, { kind: 'delete', root: disk.root, dieAt });
    expect(exit.signal).toBe('SIGKILL');
    expect((await disk.store.head(key as ObjectKey)).kind).toBe('absent');
    expect(await textAt(disk.store, key, before)).toBe('old');
    await putText(disk.store, key, 'next');
    expect(await textAt(disk.store, key)).toBe('next');
    expect(await textAt(disk.store, key, before)).toBe('old');
  });
});
