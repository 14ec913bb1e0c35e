import { describe, expect, it } from 'vitest';
import { keptContents } from '../../../src/engine/history/kept-contents.ts';
import { waitingCopies } from '../../../src/engine/history/waiting-copies.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { Versioning } from '../../../src/stores/memory/objects.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';

const LINES = ['one', 'two', 'three', 'four', 'five', 'six', ''];
const text = (changes: Readonly<Record<number, string>> = {}): string =>
  LINES.map((line, i) => changes[i] ?? line).join('\n');

interface Pair {
  readonly world: World;
  readonly a: Machine;
  readonly b: Machine;
}

async function pair(versioning: Versioning = 'enabled'): Promise<Pair> {
  const world = createWorld({ versioning });
  return { world, a: await world.machine('laptop'), b: await world.machine('desk') };
}

/** Each changes a line of its own; `a` syncs first, and `b` meets the conflict. */
async function bothChange({ world, a, b }: Pair, path: string): Promise<void> {
  world.tick(60_000);
  a.user.write(path, text({ 0: 'by a' }));
  b.user.write(path, text({ 4: 'by b' }));
  await a.sync();
  await b.sync({ conflicts: 'merge' });
  await a.sync();
}

const MERGED = { 'f.txt': text({ 0: 'by a', 4: 'by b' }) };

describe('a conflict is merged against the version that both came from', () => {
  it('where the file was synced', async () => {
    const both = await pair();
    both.a.user.write('f.txt', text());
    await both.a.sync();
    await both.b.sync();
    await bothChange(both, 'f.txt');
    expect(both.b.user.tree()).toEqual(MERGED);
    expect(both.a.user.tree()).toEqual(MERGED);
  });

  it('where the folders had the file before they were synced: only a listing told of its version', async () => {
    const both = await pair();
    both.a.user.write('f.txt', text());
    both.b.user.write('f.txt', text());
    await both.a.sync();
    await both.b.sync();
    await bothChange(both, 'f.txt');
    expect(both.b.user.tree()).toEqual(MERGED);
  });

  it('where it was touched here', async () => {
    const both = await pair();
    both.a.user.write('f.txt', text());
    await both.a.sync();
    await both.b.sync();
    both.world.tick(60_000);
    both.b.user.write('f.txt', text());
    await both.b.sync();
    await bothChange(both, 'f.txt');
    expect(both.b.user.tree()).toEqual(MERGED);
  });

  it('where it was moved here', async () => {
    const both = await pair();
    both.a.user.write('old.txt', text());
    await both.a.sync();
    await both.b.sync();
    both.b.user.rename('old.txt', 'f.txt');
    await both.b.sync();
    await both.a.sync();
    await bothChange(both, 'f.txt');
    expect(both.b.user.tree()).toEqual(MERGED);
  });

  it.each<Versioning>(['suspended', 'off'])(
    'and is kept as both where the bucket keeps no versions (%s), which call every state "null"',
    async (versioning) => {
      const both = await pair(versioning);
      both.a.user.write('f.txt', text());
      await both.a.sync();
      await both.b.sync();
      await bothChange(both, 'f.txt');
      const contents = Object.values(both.b.user.tree()).sort();
      expect(contents).toEqual([text({ 4: 'by b' }), text({ 0: 'by a' })].sort());
    },
  );

  it('and is kept as both where the versions may not be listed, and the sync goes on', async () => {
    const both = await pair();
    both.a.user.write('f.txt', text());
    await both.a.sync();
    await both.b.sync();
    both.world.tick(60_000);
    both.b.user.write('f.txt', text());
    await both.b.sync();
    both.b.store = {
      ...both.b.store,
      // biome-ignore lint/correctness/useYield: it fails before there is a page.
      async *versions() {
        throw new S4Error('STORE_DENIED', 'the store denies access to the bucket');
      },
    };
    await bothChange(both, 'f.txt');
    expect(Object.values(both.b.user.tree()).sort()).toEqual(
      [text({ 4: 'by b' }), text({ 0: 'by a' })].sort(),
    );
  });

  it('also where both are kept, and a person decides later', async () => {
    const both = await pair();
    both.a.user.write('f.txt', text());
    await both.a.sync();
    await both.b.sync();
    both.world.tick(60_000);
    both.b.user.write('f.txt', text());
    await both.b.sync();
    both.world.tick(60_000);
    both.a.user.write('f.txt', 'by a');
    both.b.user.write('f.txt', 'by b');
    await both.a.sync();
    await both.b.sync();
    const folder = both.b.disk.open();
    const [waiting] = await waitingCopies(folder);
    if (waiting === undefined) throw new Error('no copy was made');
    const base = await keptContents(waiting, { folder, store: both.b.store }).base();
    expect(base && Buffer.from(base).toString()).toBe(text());
    await folder.close();
  });
});
