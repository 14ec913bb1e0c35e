import { describe, expect, it } from 'vitest';
import { blocked, callOptions, STALE, wasRacy } from '../../../src/engine/operations/context.ts';
import { deleteFact, modeFact, putFact } from '../../../src/engine/operations/facts.ts';
import { inTheWay } from '../../../src/engine/operations/in-the-way.ts';
import { orDiscard } from '../../../src/engine/operations/or-discard.ts';
import { isRefusedName, refusedName } from '../../../src/engine/operations/refused-name.ts';
import type { LocalStat, Staging } from '../../../src/engine/ports/folder.ts';
import type { BaseRow, Fingerprint } from '../../../src/sync/entry.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { key, operationRoom } from '../../support/operation-room.ts';
import { baseRow, digest } from '../sync/build.ts';

/** What operations have in common. */

const PATH = 'a/f' as RelPath;

describe('a fact for the others', () => {
  const row: BaseRow = {
    ...baseRow('f', 1),
    mtimeNs: 7n,
    remote: { etag: 'e2', sizeBytes: 12, modifiedMs: 0, versionId: 'v2' },
  };
  const replaced = { etag: 'e1', sizeBytes: 9, modifiedMs: 0, versionId: 'v1' };
  const state = { path: 'f', etag: 'e2', sizeBytes: 12, mtimeNs: 7n, atMs: 5, mode: '0100644' };

  it('of a write names the state that it made, the one that it replaced, and who wrote it', () => {
    const expected = { ...state, digest: digest(1), versionId: 'v2', write: 'me.1', replaced: 'v1' };
    expect(putFact(row, 'me.1', replaced, 5)).toStrictEqual({ ...expected, op: 'put' });
    expect(modeFact(row, 'me.1', replaced, 5)).toStrictEqual({ ...expected, op: 'mode' });
  });

  it('of a deletion names the state that is gone, and no write', () => {
    expect(deleteFact(row, 5)).toStrictEqual({
      ...state,
      ...{ op: 'delete', digest: digest(1), versionId: 'v2', replaced: 'v2' },
    });
  });

  it('leaves out what there is not', () => {
    const plain = { ...row, remote: { etag: 'e2', sizeBytes: 12, modifiedMs: 0 } };
    expect(putFact(plain, 'me.1', undefined, 5)).toStrictEqual({
      ...state,
      ...{ op: 'put', digest: digest(1), write: 'me.1' },
    });
  });

  it('has the mode of what it is', () => {
    const modeOf = (content: BaseRow['content']) => {
      const fact = putFact({ ...row, content }, 'me.1', undefined, 5);
      return [fact.mode, 'digest' in fact];
    };
    const same = { digest: digest(1), sizeBytes: 12 };
    expect(modeOf({ kind: 'file', ...same, executable: true })).toStrictEqual(['0100755', true]);
    expect(modeOf({ kind: 'symlink', ...same })).toStrictEqual(['0120777', true]);
    expect(modeOf({ kind: 'folder' })).toStrictEqual(['040755', false]);
  });
});

describe('something without a row that holds a name', () => {
  const print: Fingerprint = { inode: 1n, sizeBytes: 2, mtimeNs: 3n, ctimeNs: 4n };
  const file = (changes: Partial<Fingerprint> = {}): LocalStat => ({
    ...{ kind: 'file', executable: false, fingerprint: { ...print, ...changes } },
  });
  const held = { kind: 'failed', problem: { path: PATH, side: 'local', code: 'name-twins' } };

  it.each(['folder', 'other'] as const)('is told at once where it is no file: %s', async (kind) => {
    const here = await operationRoom();
    expect(inTheWay(PATH, { kind }, here.context())).toEqual({ kind: 'failed', problem: blocked(PATH) });
  });

  it('is looked at again once, and told when it is the very same', async () => {
    const context = (await operationRoom()).context();
    expect(inTheWay(PATH, file(), context)).toBe(STALE);
    const told = inTheWay(PATH, file(), context);
    expect(told).toMatchObject(held);
    expect(told).toMatchObject({
      problem: { message: expect.stringMatching(/./), hint: expect.stringMatching(/./) },
    });
  });

  it.each([{ inode: 9n }, { sizeBytes: 9 }, { mtimeNs: 9n }, { ctimeNs: 9n }])(
    'is looked at again where it is another by now',
    async (change) => {
      const context = (await operationRoom()).context();
      inTheWay(PATH, file(), context);
      expect(inTheWay(PATH, file(change), context)).toBe(STALE);
      expect(inTheWay('a/g' as RelPath, file(change), context)).toBe(STALE);
      expect(inTheWay(PATH, file(change), context)).toMatchObject(held);
    },
  );

  it('is never two states that are written alike', async () => {
    const context = (await operationRoom()).context();
    inTheWay(PATH, file({ inode: 11n, sizeBytes: 1 }), context);
    expect(inTheWay(PATH, file({ inode: 1n, sizeBytes: 11 }), context)).toBe(STALE);
  });
});

describe('a temp file', () => {
  const staged = (discard: () => Promise<void>) => ({ discard }) as Staging;

  it('stays where the work was done', async () => {
    let gone = 0;
    const staging = staged(async () => void gone++);
    expect(await orDiscard(staging, async () => 'placed')).toBe('placed');
    expect(gone).toBe(0);
  });

  it.each([true, false])(
    'goes where the work failed, and that failure is told (removable: %s)',
    async (can) => {
      let gone = 0;
      const staging = staged(async () => {
        if (!can) throw new Error('cannot be removed');
        gone++;
      });
      const failed = new Error('disk full');
      await expect(orDiscard(staging, () => Promise.reject(failed))).rejects.toBe(failed);
      expect(gone).toBe(can ? 1 : 0);
    },
  );
});

describe('a name that the service refuses', () => {
  it('is one where nothing is, and nothing else', () => {
    expect(isRefusedName({ kind: 'precondition-failed', nothingThere: true })).toBe(true);
    expect(isRefusedName({ kind: 'precondition-failed' })).toBe(false);
    expect(isRefusedName({ kind: 'source-changed' })).toBe(false);
    expect(isRefusedName({ kind: 'stored', token: { etag: 'e', sizeBytes: 0, modifiedMs: 0 } })).toBe(false);
  });

  it.each([
    [refusedName(PATH), 'remote', 'name-refused'],
    [blocked(PATH), 'local', 'blocked-folder'],
  ])('is told by path, side and code, with what to do', (problem, side, code) => {
    const words = expect.stringMatching(/\w{3}/);
    expect(problem).toEqual({ path: PATH, side, code, message: words, hint: words });
  });
});

describe('what an operation is given', () => {
  it('has a signal where there is one', async () => {
    const { signal } = new AbortController();
    const here = await operationRoom();
    expect(callOptions(here.context({ signal }))).toEqual({ signal });
    expect(callOptions(here.context())).toStrictEqual({});
  });

  it('says whether a file was racy when it was hashed', async () => {
    const here = await operationRoom();
    here.user.write('f', 'f');
    await here.look('f', true);
    expect(wasRacy(key('f'), here.context())).toBe(true);
    await here.look('f', false);
    expect(wasRacy(key('f'), here.context())).toBe(false);
    expect(wasRacy(key('g'), here.context())).toBe(false);
    here.evidence.set(key('g'), {});
    expect(wasRacy(key('g'), here.context())).toBe(false);
  });
});
