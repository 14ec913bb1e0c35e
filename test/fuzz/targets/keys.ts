import type { CycleResult } from '../../../src/engine/cycle.ts';
import type { SyncEvent } from '../../../src/engine/events.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import { decodeJournal } from '../../../src/formats/journal-codec.ts';
import { isReservedSegment, parseKey } from '../../../src/sync/path.ts';
import { createWorld, type Machine } from '../../support/machines.ts';
import type { Dice } from '../dice.ts';
import { hostileKeys, hostileText } from '../hostile.ts';
import { type FuzzTarget, fail } from '../target.ts';

/** Metadata that other tools, or an enemy, may have put on an object. */
export function hostileMetadata(dice: Dice): Record<string, string> {
  if (dice.oneIn(2)) return {};
  const ascii = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');
  return {
    mtime: dice.pick(['0', '1732158727.5', '-1', '999999999999', '99999999999', '1e9', '9223372036', '']),
    mode: dice.pick(['0100644', '0100755', '0120777', '040755', '33188', '0010644', '777', '99999999', 'x']),
    's4-sha256': dice.pick(['0'.repeat(64), 'x', '']),
    's4-md5': dice.pick(['d41d8cd98f00b204e9800998ecf8427e', '0'.repeat(32)]),
    's4-write': ascii(hostileText(dice)),
    's4-parent': dice.pick(['x', 'v1', ascii(hostileText(dice))]),
  };
}

/** The problems and notices that were told, by path. */
export function toldPaths(events: readonly SyncEvent[]): ReadonlySet<string> {
  return new Set(
    events.flatMap((event) => {
      if (event.kind === 'problem') return [event.problem.path];
      return event.kind === 'notice' && event.path !== undefined ? [event.path] : [];
    }),
  );
}

/** s4's own names, and the object of the prefix itself, are passed over in silence. */
function isSilent(key: string): boolean {
  return key === '' || isReservedSegment(key.split('/', 1)[0] ?? '');
}

/** A folder's own object, of which nothing is made while what is below it waits. */
function isAbove(key: string, path: string): boolean {
  return key.endsWith('/') && path.startsWith(key);
}

/** Every key is in the tree, or was told of, or is no content. */
export function checkKeys(
  keys: readonly string[],
  has: (key: string) => boolean,
  told: ReadonlySet<string>,
): void {
  for (const key of keys) {
    // What stands both for a file and a folder is told once, for all that is below it.
    if (
      isSilent(key) ||
      [...told].some((path) => key === path || key.startsWith(`${path}/`) || isAbove(key, path))
    )
      continue;
    const parsed = parseKey(key);
    if (!parsed.ok) fail('a name that no folder can hold is not told', key);
    if (!has(key)) fail('neither there nor told', key);
  }
}

export function work(result: CycleResult): number {
  if (result.kind !== 'synced') return fail('not synced', result.kind);
  const s = result.summary;
  return s.uploaded + s.downloaded + s.deletedLocal + s.deletedRemote + s.renamed + s.keptBoth;
}

/** What was recorded can be read again: nothing that a store says spoils the journal or the index. */
async function checkState(machine: Machine): Promise<void> {
  const folder = machine.disk.open();
  try {
    const { state } = folder;
    const journal = await state.read('journal.jsonl');
    if (journal !== undefined && decodeJournal(journal).goodBytes !== journal.byteLength)
      fail('the journal is spoilt');
    const base = await openBase({
      state,
      targetId: machine.target.id,
      clientId: machine.target.clientId,
      mode: 'read',
    });
    if (base.trust !== 'sound') fail('the base is not sound', base.trust);
    let rows = 0;
    for await (const batch of base.rows()) rows += batch.length;
    if (rows !== base.size) fail('rows are missing', [rows, base.size]);
  } finally {
    await folder.close();
    machine.disk.crash();
  }
}

/** Any keys, through scan, plan and execute with everything in memory: told or there, at rest, nothing deleted. */
export const keys: FuzzTarget = {
  name: 'keys',
  share: 0.5,
  short: 8,
  limitMs: 5000,
  async run(dice) {
    const world = createWorld({ versioning: dice.pick(['enabled', 'off']), sortedListing: dice.oneIn(2) });
    const machine = await world.machine('m', { foldsCase: dice.oneIn(3) });
    const foreign = hostileKeys(dice, 8).filter(
      (key) => key !== '.syncignore' && !key.endsWith('/.syncignore'),
    );
    for (const key of foreign) {
      const content = key.endsWith('/') && dice.oneIn(2) ? '' : `content ${dice.int(9)}`;
      world.server.put(key, content, hostileMetadata(dice));
    }
    const before = new Map(
      foreign.map((key) => [key, Buffer.from(world.server.bytes(key) ?? []).toString()]),
    );
    await machine.sync();
    const { events } = machine;
    for (const [key, content] of before) {
      const now = world.server.bytes(key);
      if (now === undefined || Buffer.from(now).toString() !== content) fail('an object was changed', key);
    }
    const tree = machine.user.tree();
    const folds = machine.disk.open().foldsCase;
    machine.disk.crash();
    const names = new Set(Object.keys(tree));
    const has = (key: string): boolean => {
      if (
        names.has(key) ||
        machine.user.read(key) !== undefined ||
        [...names].some((name) => name.startsWith(key) && key.endsWith('/'))
      )
        return true;
      const fold = (name: string): string =>
        folds ? name.normalize('NFC').toLowerCase() : name.normalize('NFC');
      return [...names].some((name) => fold(name) === fold(key) || fold(name).startsWith(`${fold(key)}/`));
    };
    checkKeys(foreign, has, toldPaths(events));
    await checkState(machine);
    if (work(await machine.sync()) > 0 && work(await machine.sync()) > 0)
      fail('does not come to rest', foreign);
  },
};
