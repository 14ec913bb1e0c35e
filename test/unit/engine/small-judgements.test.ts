import { describe, expect, it } from 'vitest';
import { createCopyNames, losingRemote, losingVersion } from '../../../src/engine/copy-names.ts';
import type { LookDeps } from '../../../src/engine/evidence.ts';
import { findOwnClashes } from '../../../src/engine/own-clashes.ts';
import type { Folder, LocalStat } from '../../../src/engine/ports/folder.ts';
import type { HeadOutcome, Store, StoreCapabilities } from '../../../src/engine/ports/store.ts';
import { trustedCapabilities } from '../../../src/engine/trusted-capabilities.ts';
import type { Judged } from '../../../src/sync/judged.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import type { Decision } from '../../../src/sync/reconcile.ts';
import { DOWN, entry, folder, joined, key, localRow, remoteRow, type Sides } from '../sync/build.ts';

const WHEN = Date.UTC(2026, 10, 26, 12, 0, 0);
const at = (path: string): RelPath => path as RelPath;

describe('a name for a copy', () => {
  const names = (here: readonly string[], known: readonly string[] = [], prefixBytes = 0) => {
    const asked: string[] = [];
    const given: string[] = [];
    const stat = async (path: RelPath): Promise<LocalStat | undefined> => {
      asked.push(path);
      return here.includes(path) ? { kind: 'folder' } : undefined;
    };
    const isKnown = (name: string) => known.includes(name);
    const found = createCopyNames({ stat } as Folder, prefixBytes, isKnown, (path) => given.push(path));
    return { ...found, asked, given };
  };

  it('is the plain one where that is free, and another each time', async () => {
    const all = names([]);
    const plain = all.plain(at('d/f.txt'), WHEN, 'desk');
    const first = await all.free(at('d/f.txt'), WHEN, 'desk');
    const second = await all.free(at('d/f.txt'), WHEN, 'desk');
    expect(first).toBe(plain);
    expect(second).not.toBe(first);
    expect(all.given).toEqual([first, second]);
    expect(all.plain(at('d/f.txt'), WHEN, 'desk')).toBe(plain);
  });

  it('is none that is here, or in the store', async () => {
    const plain = names([]).plain(at('f'), WHEN, 'desk');
    const known = await names([], [plain]).free(at('f'), WHEN, 'desk');
    expect(known).not.toBe(plain);
    const all = names([plain], [known]);
    const third = await all.free(at('f'), WHEN, 'desk');
    expect([plain, known]).not.toContain(third);
    expect(all.asked).toEqual([plain, third]);
    expect(all.given).toEqual([third]);
  });

  it('has room for the prefix of the store', () => {
    const long = at(`${'d/'.repeat(400)}${'f'.repeat(200)}`);
    const room = names([]).plain(long, WHEN, 'desk').length;
    expect(names([], [], 100).plain(long, WHEN, 'desk').length).toBeLessThan(room);
  });

  it('works without anybody who wants to know', async () => {
    const quiet = createCopyNames({ stat: async () => undefined } as unknown as Folder, 0, () => false);
    expect(await quiet.free(at('f'), WHEN, 'desk')).toBe(quiet.plain(at('f'), WHEN, 'desk'));
  });

  it('says when the losing version was written, and by whom', () => {
    const here = { path: 'f', whenMs: 2000, host: 'laptop' };
    const row = joined('f', { remote: 3 });
    const mtimeNs = 2_000_999_999n;
    const local = { ...localRow('f'), fingerprint: { inode: 1n, sizeBytes: 1, mtimeNs, ctimeNs: 1n } };
    expect(losingVersion({ ...row, local } as typeof row, 'laptop')).toEqual(here);
    const there = { path: 'f', whenMs: 3000, host: 'store' };
    expect(losingVersion(row, 'laptop')).toEqual(there);
    expect(losingVersion({ ...row, local: localRow('f/') }, 'laptop')).toEqual(there);
    expect(losingRemote(key('f'), remoteRow('f', 3))).toEqual(there);
    expect(losingRemote(key('f'), undefined)).toEqual({ ...there, whenMs: 0 });
  });
});

describe('a file under the name of a synced folder', () => {
  const beneath = { base: true, local: true, remote: true };
  const find = async (
    judged: readonly Judged[],
    head: { readonly metadata: Record<string, string>; readonly state?: number } | undefined,
    signal?: AbortSignal,
  ) => {
    const asked: unknown[] = [];
    const store: Pick<Store, 'head'> = {
      head: async (name, options): Promise<HeadOutcome> => {
        asked.push([name, options]);
        if (head === undefined) return { kind: 'absent' };
        const { token } = remoteRow(name, head.state ?? 1);
        return { kind: 'found', state: { token, metadata: head.metadata } };
      },
    };
    const deps = { store: store as Store, ...(signal && { signal }) } as LookDeps;
    return { own: [...(await findOwnClashes(judged, deps))], asked };
  };
  const OURS = { metadata: { 's4-write': 'abc' } };

  it('is ours where an s4 wrote it, in the state that was listed', async () => {
    const judged = [entry('x', { remote: 1, beneath }, DOWN)];
    expect(await find(judged, OURS)).toEqual({ own: ['x'], asked: [['x', {}]] });
    expect((await find([entry('x', { base: 0, remote: 1, beneath }, DOWN)], OURS)).own).toEqual(['x']);
    expect((await find(judged, { metadata: {} })).own).toEqual([]);
    expect((await find(judged, { ...OURS, state: 2 })).own).toEqual([]);
    expect((await find(judged, undefined)).own).toEqual([]);
    const { signal } = new AbortController();
    expect((await find(judged, OURS, signal)).asked).toEqual([['x', { signal }]]);
  });

  it.each<[string, Sides, Decision]>([
    ['it is here too', { local: 0, remote: 1, beneath }, DOWN],
    ['it is not there', { base: 0, beneath }, { kind: 'forget' }],
    ['nothing was synced below it', { remote: 1, beneath: { ...beneath, base: false } }, DOWN],
    ['nothing is below it here', { remote: 1, beneath: { ...beneath, local: false } }, DOWN],
    ['nothing is below it there', { remote: 1, beneath: { ...beneath, remote: false } }, DOWN],
    ['it is deleted anyway', { base: 1, remote: 1, beneath }, { kind: 'delete-remote' }],
  ])('is not asked about where %s', async (_, sides, decision) => {
    expect(await find([entry('x', sides, decision)], OURS)).toEqual({ own: [], asked: [] });
  });

  it('is no folder', async () => {
    expect(await find([folder('x/', { remote: 1, beneath }, 'none')], OURS)).toEqual({ own: [], asked: [] });
  });
});

describe('what was proved of a bucket', () => {
  const proved: StoreCapabilities = {
    putIfAbsent: true,
    putIfMatch: true,
    multipartIfAbsent: true,
    multipartIfMatch: true,
    copyIfAbsent: true,
    copyIfMatch: true,
    deleteIfMatch: true,
    versioning: 'off',
    listAfterWrite: true,
    sortedListing: true,
  };

  it('holds as long as its versioning is what it was', () => {
    expect(trustedCapabilities(proved, false)).toBe(proved);
    const versioned = { ...proved, versioning: 'enabled' } as const;
    expect(trustedCapabilities(versioned, true)).toBe(versioned);
    expect(trustedCapabilities(versioned, false)).toBe(versioned);
  });

  it('holds for no condition once versions are kept that were not', () => {
    expect(trustedCapabilities(proved, true)).toEqual({
      putIfAbsent: false,
      putIfMatch: false,
      multipartIfAbsent: false,
      multipartIfMatch: false,
      copyIfAbsent: false,
      copyIfMatch: false,
      deleteIfMatch: false,
      versioning: 'enabled',
      listAfterWrite: true,
      sortedListing: true,
    });
  });
});
