import { beforeEach, describe, expect, it } from 'vitest';
import { objectKey } from '../../../src/engine/keys.ts';
import type { OperationContext } from '../../../src/engine/operations/context.ts';
import { type OvertakenRequest, recoverOvertaken } from '../../../src/engine/overtaken.ts';
import { fileKey, type RelPath } from '../../../src/sync/path.ts';
import { createWorld, fileOf, type Machine, type World } from '../../support/machines.ts';
import { locked } from '../history/act.ts';

/** The walk along the versions of a key, without conditional writes: which were replaced, and which only hidden (H8). */

const F = 'f' as RelPath;

let world: World;
let a: Machine;
beforeEach(async () => {
  world = createWorld();
  a = await world.machine('laptop');
  a.user.write('keep', 'keep');
  await a.sync();
});

interface Write {
  readonly text: string;
  /** What it replaced: the number of a version, from 0; absent: it believed the key absent. */
  readonly over?: number;
  /** The parent is named by its ETag, as where the writer knew no version. */
  readonly byEtag?: true;
  /** By another tool, which names nothing. */
  readonly foreign?: true;
}

const versions = () => world.server.history('f');
const idOf = (n: number): string => versions()[n]?.versionId ?? '';
const etagOf = (n: number): string => versions()[n]?.content?.etag ?? '';

/** Versions of `f`, each written a second after the one before. */
function written(...writes: readonly (Write | 'deleted')[]): void {
  for (const [n, write] of writes.entries()) {
    world.tick(1000);
    if (write === 'deleted') {
      world.server.remove('f');
      continue;
    }
    const { text, over, byEtag, foreign } = write;
    const parent = over === undefined ? {} : { 's4-parent': byEtag ? etagOf(over) : idOf(over) };
    world.server.put('f', text, foreign ? {} : { 's4-write': `client.${n}`, ...parent });
  }
}

type Asked = Omit<OvertakenRequest, 'key' | 'path'>;

async function recovered(request: Asked, change: Partial<OperationContext> = {}): Promise<readonly string[]> {
  a.events.length = 0;
  const found = await locked(a, (context) =>
    recoverOvertaken({ key: objectKey(fileKey(F)), path: F, ...request }, { ...context, ...change }),
  );
  const { keep, ...copies } = a.user.tree();
  expect(keep).toBe('keep');
  expect(found).toBe(Object.keys(copies).length > 0);
  return Object.values(copies).sort();
}

const base: Write = { text: 'base', foreign: true };

describe('a version since the last known one', () => {
  it.each<[string, readonly (Write | 'deleted')[], readonly string[]]>([
    [
      'that the next one replaced is gone',
      [
        { text: '1', over: 0 },
        { text: '2', over: 1 },
      ],
      [],
    ],
    [
      'is replaced also by its ETag',
      [
        { text: '1', over: 0 },
        { text: '2', over: 1, byEtag: true },
      ],
      [],
    ],
    [
      'that the next one did not see comes back',
      [
        { text: '1', over: 0 },
        { text: '2', over: 0 },
      ],
      ['1'],
    ],
    [
      'comes back also where two of them were hidden',
      [
        { text: '1', over: 0 },
        { text: '2', over: 0 },
        { text: '3', over: 0 },
      ],
      ['1', '2'],
    ],
    [
      'comes back from under one that was replaced itself',
      [
        { text: '1', over: 0 },
        { text: '2', over: 0 },
        { text: '3', over: 2 },
      ],
      ['1'],
    ],
    [
      'comes back from under one of another tool, which saw the newest',
      [
        { text: '1', over: 0 },
        { text: '2', over: 0 },
        { text: '3', foreign: true },
      ],
      ['1'],
    ],
    [
      'that another tool wrote over is gone',
      [
        { text: '1', over: 0 },
        { text: '2', foreign: true },
      ],
      [],
    ],
    [
      'that a new file was made over without seeing it comes back',
      [{ text: '1', over: 0 }, { text: '2' }],
      ['1'],
    ],
    ['that was deleted is gone, whatever came then', [{ text: '1', over: 0 }, 'deleted', { text: '2' }], []],
    ['that is the newest one is current', [{ text: '1', over: 0 }], []],
  ])('%s', async (_, writes, back) => {
    written(base, ...writes);
    expect(await recovered({ since: idOf(0), own: versions().at(-1)?.versionId })).toEqual(back);
  });

  it('is looked for down to a state that is known by its ETag', async () => {
    written({ text: 'long ago' }, { text: 'base' }, { text: '1', over: 1 }, { text: '2', over: 1 });
    expect(await recovered({ since: etagOf(1) })).toEqual(['1']);
  });

  it('comes back also from under a write of which no answer came', async () => {
    written(base, { text: '1', over: 0 }, { text: 'own', over: 0 });
    expect(await recovered({ since: idOf(0), write: 'client.2' })).toEqual(['1']);
  });

  it('is not looked for where the store keeps none', async () => {
    written(base, { text: '1', over: 0 }, { text: '2', over: 0 });
    const none = (context: OperationContext) => ({ ...context.capabilities, versioning: 'off' as const });
    const found = await locked(a, (context) =>
      recoverOvertaken(
        { key: objectKey(fileKey(F)), path: F, since: idOf(0) },
        { ...context, capabilities: none(context) },
      ),
    );
    expect([found, a.user.tree()]).toEqual([false, { keep: 'keep' }]);
  });
});

describe('our own deletion of the last known one', () => {
  it('hides nothing where nothing came in between', async () => {
    written(base, 'deleted');
    expect(await recovered({ since: idOf(0), deleted: true })).toEqual([]);
  });

  it('brings back what it hid', async () => {
    written(base, { text: '1', over: 0 }, 'deleted');
    expect(await recovered({ since: idOf(0), deleted: true })).toEqual(['1']);
  });

  it('takes a deletion by somebody else for meant', async () => {
    written(base, { text: '1', over: 0 }, 'deleted');
    expect(await recovered({ since: idOf(0) })).toEqual([]);
  });
});

describe('a write of a key that was believed absent', () => {
  it('brings back what it hid, down to the deletion of what was there before', async () => {
    written({ text: 'long ago' }, 'deleted', { text: '1' }, { text: 'own' });
    expect(await recovered({ own: idOf(3) })).toEqual(['1']);
  });

  it.each([true, false])(
    'brings nothing back from before the deletion; its version is known: %s',
    async (known) => {
      written({ text: 'a' }, { text: 'b', over: 0 }, { text: 'c', over: 0 }, 'deleted', { text: 'own' });
      expect(await recovered(known ? { own: idOf(4) } : {})).toEqual([]);
    },
  );

  it('hid what somebody else believed absent, too', async () => {
    written({ text: '1' }, { text: '2' });
    expect(await recovered({})).toEqual(['1']);
  });

  it('brings back what it hid also when it was deleted since', async () => {
    written({ text: '1' }, { text: 'own' }, 'deleted');
    expect(await recovered({ own: idOf(1) })).toEqual(['1']);
  });

  it('of which no answer came is found by its token, and hid what lies below', async () => {
    written({ text: '1' }, { text: 'own' }, { text: '3', over: 1 }, 'deleted');
    expect(await recovered({ write: 'client.1' })).toEqual(['1']);
  });

  it('of which no answer came, and that never landed, hid nothing', async () => {
    written({ text: '1' }, { text: '2' });
    expect(await recovered({ write: 'client.9' })).toEqual([]);
  });
});

describe('a version that comes back', () => {
  const hidden = [base, { text: '1', over: 0 }, { text: '2', over: 0 }] as const;

  it('is named after itself and its writer, and told', async () => {
    written(...hidden);
    const told: unknown[] = [];
    await recovered(
      { since: idOf(0) },
      { hostOf: async (client) => `host of ${client}`, notice: (...notice) => void told.push(notice) },
    );
    const stamp = new Date(versions()[1]?.modifiedMs ?? 0).toISOString().slice(0, 19);
    const name = `f (conflict, host of client, ${stamp.replace('T', ' ').replaceAll(':', '.')})`;
    expect(Object.keys(a.user.tree())).toEqual(['keep', name]);
    expect(told).toEqual([['overtaken-recovered', 'f', expect.stringContaining(name)]]);
    expect(a.user.tree('.s4/tmp')).toEqual({});
  });

  it('does not come back twice', async () => {
    written(...hidden);
    await recovered({ since: idOf(0) });
    const again = await locked(a, (context) =>
      recoverOvertaken({ key: objectKey(fileKey(F)), path: F, since: idOf(0) }, context),
    );
    expect(again).toBe(false);
    expect(Object.values(a.user.tree()).sort()).toEqual(['1', 'keep']);
    expect(a.user.tree('.s4/tmp')).toEqual({});
  });

  it('gets another name where something else has its own', async () => {
    written(...hidden);
    await recovered({ since: idOf(0) });
    const [copy] = Object.keys(a.user.tree()).filter((path) => path !== 'keep');
    a.user.write(copy ?? '', 'edited by the user');
    expect(await recovered({ since: idOf(0) })).toEqual(['1', 'edited by the user']);
  });

  it('goes beside what stands in the place of a folder above it', async () => {
    world.server.put('d/e/x', 'base', { 's4-write': 'client.0' });
    const since = world.server.history('d/e/x')[0]?.versionId ?? '';
    for (const text of ['hidden', 'newest'])
      world.server.put('d/e/x', text, { 's4-write': `client.${text}`, 's4-parent': since });
    const path = 'd/e/x' as RelPath;
    const recover = () =>
      locked(a, (context) => recoverOvertaken({ key: objectKey(fileKey(path)), path, since }, context));
    const copies = () => Object.entries(a.user.tree()).filter(([name]) => name.includes('(conflict'));
    a.user.write('d/e', 'a file here');
    expect(await recover()).toBe(true);
    expect(copies()).toEqual([[expect.stringMatching(/^d\/x \(conflict/), 'hidden']]);
    expect(a.user.read('d/e')).toBe('a file here');
    expect(await recover()).toBe(false);
    a.user.remove('d');
    a.user.symlink('d', 'elsewhere');
    expect(await recover()).toBe(true);
    expect(copies()).toEqual([[expect.stringMatching(/^x \(conflict/), 'hidden']]);
  });

  it('goes elsewhere where something takes its place in that moment, and is left to the next look where it does so each time', async () => {
    written(...hidden);
    let times = 1;
    const takeIts = (context: OperationContext): Partial<OperationContext> => ({
      folder: {
        ...context.folder,
        place: async (placement) => {
          if (times-- > 0) a.user.write(placement.path, 'in the way');
          return context.folder.place(placement);
        },
      },
    });
    const recover = () =>
      locked(a, (context) =>
        recoverOvertaken(
          { key: objectKey(fileKey(F)), path: F, since: idOf(0) },
          { ...context, ...takeIts(context) },
        ),
      );
    expect(await recover()).toBe(true);
    expect(Object.values(a.user.tree()).sort()).toEqual(['1', 'in the way', 'keep']);
    for (const path of Object.keys(a.user.tree())) if (path !== 'keep') a.user.remove(path);
    times = Number.POSITIVE_INFINITY;
    await expect(recover()).rejects.toMatchObject({ code: 'LOCAL_FAILED', data: { path: 'f' } });
    expect(a.user.tree('.s4/tmp')).toEqual({});
  });

  it('and cannot be read stops no other one', async () => {
    written(base, { text: '1', over: 0 });
    world.server.archive('f');
    written({ text: '3', over: 0 }, { text: '4', over: 0 });
    expect(await recovered({ since: idOf(0) })).toEqual(['1', '3']);
  });

  it.each([
    ['0100755', true],
    [undefined, false],
  ])('has the mode that it tells: %s', async (mode, executable) => {
    written(base);
    const parent = { 's4-parent': idOf(0) };
    for (const [n, text] of ['1', '2'].entries()) {
      world.tick(1000);
      world.server.put('f', text, {
        ...parent,
        's4-write': `client.${n}`,
        ...(mode !== undefined && { mode }),
      });
    }
    await recovered({ since: idOf(0) });
    const copy = Object.keys(a.user.tree()).find((path) => path !== 'keep') ?? '';
    expect((await fileOf(a, copy)).executable).toBe(executable);
  });
});
