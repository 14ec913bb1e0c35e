import { describe, expect, it } from 'vitest';
import type { Base, BaseChange, Intent } from '../../../src/engine/ports/base.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import type { BaseRow, Digest } from '../../../src/sync/entry.ts';
import type { EntryKey, RelPath } from '../../../src/sync/path.ts';
import {
  type CrashPoint,
  createMemoryDisk,
  type MemoryDisk,
  SimulatedCrash,
} from '../../support/memory-state.ts';

const IDS = { targetId: 'aaaaaaaaaaaaaaaa', clientId: 'cccccccccccccccc' };

function row(key: string, version: number): BaseRow {
  const digest = version.toString(16).padStart(64, '0') as Digest;
  return {
    key: key as EntryKey,
    content: { kind: 'file', digest, sizeBytes: version, executable: true },
    mtimeNs: -1n,
    remote: { etag: `e${version}`, sizeBytes: version, modifiedMs: 1000, versionId: 'v' },
  };
}

const set = (key: string, version: number): BaseChange => ({ kind: 'set', row: row(key, version) });
const drop = (key: string): BaseChange => ({ kind: 'drop', key: key as EntryKey });
const intent: Intent = {
  kind: 'rename',
  from: 'a' as RelPath,
  to: 'b' as RelPath,
  expected: { inode: 1n, sizeBytes: 1, mtimeNs: 1n, ctimeNs: 1n },
};

type Model = ReadonlyMap<string, number>;

/** What a step may leave: the rows and open intents before and after it. */
interface State {
  readonly rows: Model;
  readonly intents: number;
}

interface Step {
  readonly name: string;
  /** Its effect survives power loss once the step has returned. */
  readonly durable: boolean;
  run(base: Base): Promise<unknown>;
  model(before: State): State;
}

function recording(...changes: BaseChange[]): Step {
  return {
    name: 'record',
    durable: false,
    run: (base) => base.record({ changes }),
    model: ({ rows, intents }) => {
      const after = new Map(rows);
      for (const change of changes) {
        if (change.kind === 'set') after.set(change.row.key, change.row.remote.sizeBytes);
        else after.delete(change.key);
      }
      return { rows: after, intents };
    },
  };
}

const many = (from: number, to: number, version: number): BaseChange[] =>
  Array.from({ length: to - from }, (_, i) => set(`k${String(from + i).padStart(5, '0')}`, version));
const flushing: Step = {
  name: 'flush',
  durable: true,
  run: (base) => base.flush(),
  model: (before) => before,
};
const folding: Step = {
  name: 'fold',
  durable: true,
  run: (base) => base.fold({ force: true }),
  model: (before) => before,
};
const beginning: Step = {
  name: 'begin',
  durable: true,
  run: (base) => base.begin(intent),
  model: ({ rows, intents }) => ({ rows, intents: intents + 1 }),
};
const finishing: Step = {
  name: 'finish',
  durable: false,
  run: (base) => base.record({ changes: [set('b', 9)], finished: [1] }),
  model: ({ rows, intents }) => ({ rows: new Map(rows).set('b', 9), intents: intents - 1 }),
};

const STEPS: readonly Step[] = [
  recording(set('a', 1), set('b', 2)),
  flushing,
  recording(...many(0, 2500, 1)),
  beginning,
  folding,
  recording(set('a', 3), drop('b'), set('k00700', 4)),
  recording(drop('k00001'), set('new', 1)),
  beginning,
  finishing,
  folding,
  recording(...many(1000, 1100, 5)),
  folding,
  recording(drop('a')),
  flushing,
];

async function look(disk: MemoryDisk): Promise<{ trust: Base['trust']; state: State; size: number }> {
  const base = await openBase({ state: disk.open(), ...IDS, mode: 'read' });
  const rows = new Map<string, number>();
  for await (const batch of base.rows()) for (const each of batch) rows.set(each.key, each.remote.sizeBytes);
  return { trust: base.trust, state: { rows, intents: base.pending.length }, size: base.size };
}

/** Runs the steps until the crash; what may be found afterwards. */
async function runUntilCrash(disk: MemoryDisk, call: number, at: CrashPoint) {
  let state: State = { rows: new Map(), intents: 0 };
  // States that power loss may bring back: everything since the last durable step.
  let possible: State[] = [state];
  try {
    const base = await openBase({ state: disk.open({ call, at }), ...IDS, mode: 'write' });
    for (const step of STEPS) {
      const after = step.model(state);
      possible = [...possible, after];
      await step.run(base);
      state = after;
      if (step.durable) possible = [after];
    }
  } catch (error) {
    if (!(error instanceof SimulatedCrash)) throw error;
    return { crashed: true, last: state, possible };
  }
  return { crashed: false, last: state, possible };
}

describe.each(['before', 'torn', 'after'] as const)('a crash %s a state call', (at) => {
  it.each([false, true])('leaves the base before or after the step (power loss: %s)', async (powerLoss) => {
    let crashes = 0;
    for (let call = 1; ; call++) {
      const disk = createMemoryDisk();
      disk.write('target.json', Buffer.from('marker'));
      const { crashed, last, possible } = await runUntilCrash(disk, call, at);
      if (!crashed) break;
      crashes++;
      if (powerLoss) disk.losePower(call % 60);
      const found = await look(disk);
      expect(found.size).toBe(found.state.rows.size);
      // Without power loss, what was written stays, synced or not.
      const allowed = powerLoss ? possible : possible.slice(possible.indexOf(last));
      expect(allowed.map(fingerprint), `call ${call}`).toContain(fingerprint(found.state));
      expect(found.trust).toBe(call === 1 && at !== 'after' ? 'missing' : 'sound');
      await goesOn(disk, found.state);
    }
    expect(crashes).toBeGreaterThan(STEPS.length);
  });
});

/** After the crash the base takes new records, through a fold and another opening. */
async function goesOn(disk: MemoryDisk, before: State): Promise<void> {
  const base = await openBase({ state: disk.open(), ...IDS, mode: 'write' });
  await base.record({ changes: [set('later', 7)] });
  const expected = { ...before, rows: new Map(before.rows).set('later', 7) };
  expect(fingerprint((await look(disk)).state)).toBe(fingerprint(expected));
  await base.fold({ force: true });
  expect(fingerprint((await look(disk)).state)).toBe(fingerprint(expected));
}

function fingerprint({ rows, intents }: State): string {
  return JSON.stringify([intents, [...rows].sort(([a], [b]) => (a < b ? -1 : 1))]);
}
