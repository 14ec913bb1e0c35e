import { gunzipSync, gzipSync } from 'node:zlib';
import { openBase } from '../../../src/engine/state/open-base.ts';
import { rowToJson } from '../../../src/formats/row-codec.ts';
import { isS4Error } from '../../../src/lib/errors.ts';
import type { BaseRow } from '../../../src/sync/entry.ts';
import { createMemoryDisk, type MemoryDisk } from '../../support/memory-state.ts';
import { ROWS } from '../../unit/formats/samples.ts';
import type { Dice } from '../dice.ts';
import { mutateBytes, mutateJson } from '../hostile.ts';
import { type FuzzTarget, fail } from '../target.ts';

const TARGET = 'aaaaaaaaaaaaaaaa';
const CLIENT = 'cccccccccccccccc';
const FILES = ['index.json.gz', 'index.prev.json.gz', 'journal.jsonl', 'target.json'];

interface Prepared {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Every row that was ever written. */
  readonly written: ReadonlySet<string>;
}

let prepared: Prepared | undefined;

async function prepare(): Promise<Prepared> {
  const disk = createMemoryDisk();
  disk.write('target.json', Buffer.from('marker'));
  const written = new Set<string>();
  for (let generation = 0; generation < 3; generation++) {
    const base = await openBase({ state: disk.open(), targetId: TARGET, clientId: CLIENT, mode: 'write' });
    for (const row of ROWS) {
      const next: BaseRow = { ...row, remote: { ...row.remote, etag: `${row.remote.etag}${generation}` } };
      written.add(JSON.stringify(rowToJson(next)));
      await base.record({ changes: [{ kind: 'set', row: next }] });
    }
    await base.begin({ kind: 'unguarded-put', key: 'k' as never, write: 'w', parent: '' });
    if (generation < 2) await base.fold({ force: true });
    await base.flush();
  }
  const files = new Map(
    FILES.flatMap((name) => {
      const bytes = disk.read(name);
      return bytes === undefined ? [] : [[name, Buffer.from(bytes)] as const];
    }),
  );
  return { files, written };
}

function damage(disk: MemoryDisk, files: ReadonlyMap<string, Uint8Array>, dice: Dice): void {
  for (const [name, bytes] of files) disk.write(name, bytes);
  for (let count = 1 + dice.int(3); count > 0; count--) {
    const name = dice.pick(FILES);
    const bytes = files.get(name) ?? new Uint8Array();
    const kind = dice.int(8);
    if (kind === 0) disk.remove(name);
    else if (kind === 1) disk.write(name, files.get(dice.pick(FILES)) ?? new Uint8Array());
    else if (kind === 2 && name.endsWith('.gz'))
      disk.write(name, gzipSync(mutateJson(gunzipSync(bytes).toString(), dice)));
    else if (kind === 3 && name.endsWith('l'))
      disk.write(name, Buffer.from(mutateJson(Buffer.from(bytes).toString(), dice)));
    else disk.write(name, mutateBytes(bytes, dice));
  }
}

/** Damaged state is sound, evidence or lost: it never holds a row that nobody wrote, and opening it never fails as a bug. */
export const state: FuzzTarget = {
  name: 'state',
  share: 3,
  short: 40,
  limitMs: 2000,
  async start() {
    prepared ??= await prepare();
  },
  async run(dice) {
    if (prepared === undefined) return fail('not prepared');
    const disk = createMemoryDisk();
    damage(disk, prepared.files, dice);
    try {
      const mode = dice.oneIn(2) ? 'read' : 'write';
      const base = await openBase({ state: disk.open(), targetId: TARGET, clientId: CLIENT, mode });
      for await (const batch of base.rows())
        for (const row of batch)
          if (!prepared.written.has(JSON.stringify(rowToJson(row)))) fail('a row that nobody wrote', row.key);
      for (const row of ROWS) await base.get(row.key);
      if (mode === 'write') await base.fold({ force: true });
    } catch (error) {
      if (!isS4Error(error, 'STATE_TOO_NEW', 'STATE_UNREADABLE')) throw error;
    }
  },
};
