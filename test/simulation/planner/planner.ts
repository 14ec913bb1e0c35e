import { sameBytes, sameContent } from '../../../src/sync/entry.ts';
import { createJoin, type JoinedRow } from '../../../src/sync/join.ts';
import type { Judged } from '../../../src/sync/judged.ts';
import type { PlannedOperation } from '../../../src/sync/operations.ts';
import { STEPS } from '../../../src/sync/operations.ts';
import { type EntryKey, isFolderKey, keyPath } from '../../../src/sync/path.ts';
import { makePlan } from '../../../src/sync/plan.ts';
import { reconcile, reconcileFolder, type SideFact } from '../../../src/sync/reconcile.ts';
import { findRenames, type RenameCandidate } from '../../../src/sync/renames.ts';
import { apply } from './apply.ts';
import { baseRow, contentOf, freeName, localRows, type Node, remoteRows, type Sides } from './model.ts';

export interface Reached {
  /** Looks until nothing was left to do. */
  readonly looks: number;
  readonly operations: number;
  readonly problems: number;
}

/** Looks, plans and does, in any order that the steps leave open, until there is nothing to do. */
export function converge(sides: Sides, shuffle: <T>(items: readonly T[]) => T[], maxLooks: number): Reached {
  let operations = 0;
  let stamp = 1000;
  for (let looks = 1; looks <= maxLooks; looks++) {
    const { planned, problems, learned } = look(sides);
    if (planned.length === 0 && !learned) return { looks, operations, problems };
    for (const step of STEPS) {
      const batch = planned.filter((each) => each.step === step);
      const ordered = step === 'remove-folder' || step === 'vacate-folder' ? batch : shuffle(batch);
      for (const { operation } of ordered) apply(operation, sides, ++stamp);
    }
    operations += planned.length;
  }
  throw new Error(`not at rest after ${maxLooks} looks: ${JSON.stringify(look(sides).planned, plain)}`);
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

interface Looked {
  readonly planned: readonly PlannedOperation[];
  readonly problems: number;
  /** The base learned something without an operation. */
  readonly learned: boolean;
}

function look(sides: Sides): Looked {
  const judged = joinedRows(sides).map((row) => judge(row, sides));
  let learned = false;
  for (const { row, decision } of judged) {
    const [local, remote] = [sides.local.get(row.key), sides.remote.get(row.key)];
    if (decision.kind === 'forget') learned = sides.base.delete(row.key) || learned;
    if (decision.kind !== 'adopt' || remote === undefined) continue;
    sides.base.set(row.key, baseRow(row.key, local ?? remote, remote));
    learned = true;
  }
  const given = new Set<EntryKey>();
  const taken = (key: EntryKey): boolean => {
    if (sides.local.has(key) || sides.remote.has(key) || given.has(key)) return true;
    given.add(key);
    return false;
  };
  const conflicts = judged.filter(({ decision }) => decision.kind === 'conflict');
  const plan = makePlan({
    judged,
    ...renames(judged, sides),
    resolutions: new Map(conflicts.map(({ row }) => [row.key, { kind: 'both' }])),
    copyPath: (row) => freeName(keyPath(row.key), taken),
  });
  return { planned: plan.operations, problems: plan.problems.length, learned };
}

function joinedRows({ base, local, remote }: Sides): readonly JoinedRow[] {
  const join = createJoin({ isIgnored: () => false, distrustStat: false });
  const byKey = [...base.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  join.pushBase(byKey);
  join.pushLocal(localRows(local).map((row) => ({ kind: 'entry', row })));
  join.pushRemote(remoteRows(remote));
  for (const side of ['base', 'local', 'remote'] as const) join.end(side);
  join.wants();
  return join.result().rows;
}

function judge(row: JoinedRow, { local, remote }: Sides): Judged {
  const { key, base, beneath } = row;
  if (isFolderKey(key)) {
    const decision = reconcileFolder({
      base: base !== undefined ? 'marker' : beneath.base ? 'implied' : 'absent',
      baseRow: base !== undefined,
      local: row.local?.kind === 'folder' ? 'marker' : beneath.local ? 'implied' : 'absent',
      remote: beneath.remote ? 'implied' : row.remote !== undefined ? 'marker' : 'absent',
      remoteMarker: row.remote !== undefined,
    });
    return { kind: 'folder', row, decision };
  }
  const [l, r] = [row.local && local.get(key), row.remote && remote.get(key)];
  const facts = { local: factOf(row, l), remote: factOf(row, r) };
  const equality =
    l === undefined || r === undefined
      ? 'different'
      : sameContent(contentOf(l), contentOf(r))
        ? 'equal'
        : sameBytes(contentOf(l), contentOf(r))
          ? 'bytes'
          : 'different';
  const decision = reconcile({ base: base !== undefined, ...facts, equality });
  const flipped = base?.content.kind === 'file' ? !base.content.executable : undefined;
  const travels =
    (decision.kind === 'upload' && facts.remote === 'meta') ||
    (decision.kind === 'download' && facts.local === 'meta');
  return { kind: 'entry', row, decision, ...(travels && flipped !== undefined && { executable: flipped }) };
}

function factOf({ base }: JoinedRow, node: Node | undefined): SideFact {
  if (node === undefined) return 'absent';
  if (base === undefined) return 'changed';
  const content = contentOf(node);
  if (sameContent(base.content, content)) return 'same';
  return sameBytes(base.content, content) ? 'meta' : 'changed';
}

function renames(judged: readonly Judged[], sides: Sides) {
  const candidates = (kind: string, side: Sides['local'] | undefined): RenameCandidate[] =>
    judged.flatMap(({ row, decision }): RenameCandidate[] => {
      // File and folder of one name: those are ordered by rules of their own.
      if (row.under !== undefined || row.beneath.local || row.beneath.remote || row.beneath.base) return [];
      const isNew = row.base === undefined;
      const wanted = side === undefined ? decision.kind === kind : decision.kind === kind && isNew;
      const node = side?.get(row.key);
      const content = side === undefined ? row.base?.content : node && contentOf(node);
      if (!wanted || content?.kind !== 'file') return [];
      // A move that also changed the mode is a new file.
      const digest = `${content.digest}${content.executable}` as typeof content.digest;
      return [{ key: row.key, digest, sizeBytes: content.sizeBytes }];
    });
  return {
    remoteRenames: findRenames(candidates('upload', sides.local), candidates('delete-remote', undefined)),
    localRenames: findRenames(candidates('download', sides.remote), candidates('delete-local', undefined)),
  };
}
