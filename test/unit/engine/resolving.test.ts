import { beforeEach, describe, expect, it } from 'vitest';
import type { ConflictContents, ConflictDecision, CycleOptions } from '../../../src/engine/cycle.ts';
import type { ConflictChoice, ConflictView, SyncEvent } from '../../../src/engine/events.ts';
import type { ObjectKey, Store } from '../../../src/engine/ports/store.ts';
import { MAX_SHOWN_BYTES } from '../../../src/engine/read-state.ts';
import {
  type ConflictDeps,
  type MadeChoice,
  resolveConflicts,
  standingResolutions,
} from '../../../src/engine/resolve-conflicts.ts';
import type { BaseRow } from '../../../src/sync/entry.ts';
import type { JoinedRow } from '../../../src/sync/join.ts';
import type { JudgedEntry } from '../../../src/sync/judged.ts';
import type { EntryKey } from '../../../src/sync/path.ts';
import { baseRow, digestOf, key, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** How one conflict is decided, without a cycle around it: by whom, about which states, and with what behind it. */

const F = key('f');
const BASE = 'one\ntwo\nthree\n';
const OURS = 'ONE\ntwo\nthree\n';
const THEIRS = 'one\ntwo\nTHREE\n';
const write = (client: string) => ({ 's4-write': `${client}.token` });

let room: OperationRoom;
beforeEach(async () => {
  room = await operationRoom();
});

const judge = (row: Partial<JoinedRow>): JudgedEntry => ({
  kind: 'entry',
  row: { key: F, beneath: { base: false, local: false, remote: false, settled: false }, ...row },
  decision: { kind: 'conflict' },
});

/** What the store has now is what was seen of it. */
async function seen(): Promise<void> {
  const head = await room.store.head('f' as ObjectKey);
  if (head.kind === 'found') room.evidence.set(F, { remote: head.state });
}

/** Both sides changed what they had agreed on. */
async function conflict(ours = OURS, theirs = THEIRS, base = BASE): Promise<JudgedEntry> {
  room.server.put('f', base, write('me'));
  room.user.write('f', base);
  const agreed = baseRow(await room.local('f'), base, await room.remote('f'));
  room.runtime.advance(5000);
  room.user.write('f', ours);
  room.server.put('f', theirs, write('desk'));
  await seen();
  return judge({ base: agreed, local: await room.local('f'), remote: await room.remote('f') });
}

interface Asked {
  readonly options?: Partial<CycleOptions>;
  readonly policy?: ConflictChoice;
  readonly person?: ConflictDecision;
  readonly made?: Map<EntryKey, MadeChoice>;
}

async function decide(conflicts: readonly JudgedEntry[], asked: Asked = {}) {
  const events: SyncEvent[] = [];
  const shown: { readonly view: ConflictView; readonly contents: ConflictContents }[] = [];
  const { person, policy, made = new Map<EntryKey, MadeChoice>() } = asked;
  const deps: ConflictDeps = {
    cycle: {
      ...{ store: room.store, folder: room.folder, runtime: room.runtime },
      target: {
        ...{ id: 'target', name: 'notes', folder: '/f', url: room.store.url, clientId: 'me' },
        capabilities: await room.store.probe(),
        ...(policy !== undefined && { conflicts: policy }),
      },
      emit: (event) => void events.push(event),
      ...(person !== undefined && {
        decide: async (view: ConflictView, contents: ConflictContents) => {
          shown.push({ view, contents });
          return person;
        },
      }),
    },
    options: { mode: 'sync', ...asked.options },
    evidence: room.evidence,
    hostOf: async (client) => `host of ${client}`,
    made,
  };
  const resolutions = await resolveConflicts(conflicts, deps);
  return { resolution: resolutions.get(F), resolutions, events, shown, made };
}

const flag = (conflicts: ConflictChoice): Asked => ({ options: { conflicts } });
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

describe('a conflict is decided', () => {
  it.each([
    ['the flag', { ...flag('remote'), policy: 'local', person: 'skip' }, 'remote'],
    ["the target's policy", { policy: 'local', person: 'skip' }, 'local'],
    ['a person', { person: 'skip' }, 'skip'],
    ['nobody: both are kept', {}, 'both'],
    ['the flag to keep both', { ...flag('both'), policy: 'local' }, 'both'],
  ] as const)('by %s', async (_, asked, kind) => {
    const { resolution, events, shown } = await decide([await conflict()], asked);
    expect(resolution).toEqual({ kind });
    expect(events).toMatchObject([
      {
        ...{ kind: 'conflict', target: 'notes', choice: kind },
        conflict: {
          path: 'f',
          local: { state: 'updated', host: room.runtime.host },
          remote: { state: 'updated', host: 'host of desk' },
        },
      },
    ]);
    expect(shown).toHaveLength(kind === 'skip' ? 1 : 0);
  });

  it('without a word in a preview, and without a host where another tool wrote', async () => {
    const { remote, ...known } = (await conflict()).row;
    room.evidence.clear();
    const asked = { options: { mode: 'preview' }, person: 'local' } as const;
    const row = { ...known, ...(remote && { remote }) };
    const { resolution, events, shown } = await decide([judge(row)], asked);
    expect([resolution, events]).toEqual([{ kind: 'local' }, []]);
    expect(shown[0]?.view.remote).not.toHaveProperty('host');
  });

  it('with all that both sides have, and had, behind it', async () => {
    const { shown } = await decide([await conflict()], { person: 'skip' });
    const { local, remote, base } = shown[0]?.contents ?? {};
    expect([text(await local?.()), text(await remote?.()), text(await base?.())]).toEqual([
      ...[OURS, THEIRS, BASE],
    ]);
    room.server.put('f', 'overwritten since');
    expect([text(await remote?.()), text(await base?.())]).toEqual([undefined, BASE]);
  });

  it('where the store names no versions: the ancestor is looked for by its ETag', async () => {
    const judged = await conflict();
    const { base } = judged.row;
    const { versionId: _, ...remote } = base?.remote ?? { etag: '', sizeBytes: 0, modifiedMs: 0 };
    for (const token of [remote, { ...remote, versionId: 'null' }]) {
      const row = { ...judged.row, base: { ...(base as BaseRow), remote: token } };
      const { shown } = await decide([judge(row)], { person: 'skip' });
      expect(text(await shown[0]?.contents.base())).toBe(BASE);
    }
  });

  it('where both sides made it, and it is spelled in two ways', async () => {
    room.user.write('F', 'ours');
    room.server.put('f', 'theirs');
    const row = { key: F, local: await room.local('F'), remote: await room.remote('f') };
    const { shown, resolution } = await decide([judge(row)], { person: 'merge' });
    const { local, remote, base } = shown[0]?.contents ?? {};
    expect([text(await local?.()), text(await remote?.()), await base?.()]).toEqual([
      ...['ours', 'theirs', undefined],
    ]);
    expect(resolution).toEqual({ kind: 'both' });
    room.server.put('F', 'theirs, too');
    const there = await decide([judge({ ...row, remote: await room.remote('F') })], { person: 'skip' });
    expect(text(await there.shown[0]?.contents.remote())).toBe('theirs, too');
  });

  it('where the versions may not be listed, and one is known by its id', async () => {
    const judged = await conflict();
    const versions: Store['versions'] = () => {
      throw new Error('the versions were listed');
    };
    room.store = { ...room.store, versions };
    const { shown } = await decide([judged], { person: 'skip' });
    expect(text(await shown[0]?.contents.base())).toBe(BASE);
  });

  it('where one of them is gone by now', async () => {
    const { shown } = await decide([judge({ key: F })], { person: 'skip' });
    expect(await shown[0]?.contents.local()).toBeUndefined();
    expect(await shown[0]?.contents.remote()).toBeUndefined();
  });
});

describe('a choice', () => {
  it('is not asked for twice, and stands while both are as they were', async () => {
    const judged = await conflict();
    const { made, resolution } = await decide([judged], { person: 'local' });
    const again = await decide([judged], { person: 'remote', made });
    expect([again.resolution, again.shown, again.events]).toEqual([resolution, [], []]);
    expect(standingResolutions([judged], made).get(F)).toEqual({ kind: 'local' });
    expect(standingResolutions([], made).size).toBe(0);
    expect(standingResolutions([judged], new Map()).size).toBe(0);
  });

  it.each([
    ['here', () => room.user.write('f', 'ONE and\ntwo\nthree\n')],
    ['here, in place and of the same length', () => room.user.write('f', 'One\ntwo\nthree\n')],
    ['there', () => room.server.put('f', 'one\ntwo\nThree\n')],
  ])('decides nothing about an edit %s that came after it', async (_, edit) => {
    const judged = await conflict();
    const { made } = await decide([judged], { person: 'local' });
    room.runtime.advance(5000);
    edit();
    const edited = judge({ ...judged.row, local: await room.local('f'), remote: await room.remote('f') });
    expect(standingResolutions([edited], made).size).toBe(0);
    const again = await decide([edited], { person: 'remote', made });
    expect([again.resolution, again.shown.length]).toEqual([{ kind: 'remote' }, 1]);
  });
});

describe('a text that was made of both by hand', () => {
  const person = { kind: 'merged', text: Buffer.from('of both') } as const;

  it('takes the place of a file, and is told as a merge', async () => {
    const { resolution, events } = await decide([await conflict()], { person });
    expect(resolution).toEqual(person);
    expect(events).toMatchObject([{ choice: 'merge' }]);
  });

  it('never that of a link', async () => {
    room.user.symlink('f', 'elsewhere');
    room.server.put('f', THEIRS);
    const judged = judge({ local: await room.local('f'), remote: await room.remote('f') });
    expect((await decide([judged], { person })).resolution).toEqual({ kind: 'both' });
  });
});

describe('the newer side', () => {
  const newer = async (judged: JudgedEntry) => (await decide([judged], flag('newer'))).resolution?.kind;
  const timed = (mtime: string) => room.server.put('f', THEIRS, { ...write('desk'), mtime });
  const now = async () => judge({ local: await room.local('f'), remote: await room.remote('f') });

  it('is told by the times that were published', async () => {
    const judged = await conflict();
    const hereNs = judged.row.local?.kind === 'file' ? judged.row.local.fingerprint.mtimeNs : 0n;
    const at = (ns: bigint) => `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`;
    room.runtime.advance(60_000);
    for (const [ns, kind] of [
      [hereNs - 1n, 'local'],
      [hereNs + 1n, 'remote'],
      [hereNs, 'both'],
    ] as const) {
      timed(at(ns));
      await seen();
      expect(await newer(await now())).toBe(kind);
    }
  });

  it('is told by the time of the store where none was', async () => {
    room.user.write('f', OURS);
    room.runtime.advance(60_000);
    room.server.put('f', THEIRS);
    for (const isSeen of [false, true]) {
      if (isSeen) await seen();
      expect(await newer(await now())).toBe('remote');
    }
    room.runtime.advance(60_000);
    room.user.write('f', OURS);
    expect(await newer(await now())).toBe('local');
  });

  it('is none where one side is no file', async () => {
    const judged = await conflict();
    const { local, ...without } = judged.row;
    expect(await newer(judge(without))).toBe('both');
    expect(await newer(judge({ ...without, local: { kind: 'folder', key: F, occupied: false } }))).toBe(
      'both',
    );
    const { remote, ...here } = judged.row;
    expect(await newer(judge(here))).toBe('both');
  });
});

describe('a merge', () => {
  const merge = async (judged: JudgedEntry) => {
    const { resolution, events } = await decide([judged], flag('merge'));
    expect(events).toMatchObject([{ choice: 'merge' }]);
    return resolution?.kind === 'merged' ? text(resolution.text) : resolution?.kind;
  };

  it('takes what both changed, where that does not touch', async () => {
    expect(await merge(await conflict())).toBe('ONE\ntwo\nTHREE\n');
    expect(await merge(await conflict('other\ntwo\nthree\n', OURS))).toBe('both');
  });

  it('keeps both where a text is not to be had: gone, too large, or none that both came from', async () => {
    const large = `${BASE}${'x'.repeat(MAX_SHOWN_BYTES)}`;
    expect(await merge(await conflict(OURS, large))).toBe('both');
    expect(await merge(await conflict(`ONE${large.slice(3)}`))).toBe('both');
    const { base, ...unknown } = (await conflict()).row;
    expect(await merge(judge(unknown))).toBe('both');
    const judged = await conflict();
    room.server.put('f', 'overwritten since');
    expect(await merge(judged)).toBe('both');
  });

  it('never makes a file of a link, on either side, nor of what was one', async () => {
    const judged = await conflict(BASE, THEIRS);
    room.user.remove('f');
    room.user.symlink('f', BASE);
    expect(await merge(judge({ ...judged.row, local: await room.local('f') }))).toBe('both');
    room.user.remove('f');
    const linked = await conflict(OURS, BASE);
    room.server.put('f', BASE, { ...write('desk'), mode: '0120777' });
    await seen();
    expect(await merge(judge({ ...linked.row, remote: await room.remote('f') }))).toBe('both');
    const { base, ...row } = (await conflict()).row;
    const { digest, sizeBytes } =
      base?.content.kind === 'file' ? base.content : { digest: digestOf(''), sizeBytes: 0 };
    const link = { ...(base as BaseRow), content: { kind: 'symlink', digest, sizeBytes } } as const;
    expect(await merge(judge({ ...row, base: link }))).toBe('both');
  });
});
