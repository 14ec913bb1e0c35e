import { isUnder } from '../sync/focus-paths.ts';
import { judgePlan } from '../sync/guards.ts';
import type { JoinedRow } from '../sync/join.ts';
import type { JudgedEntry } from '../sync/judged.ts';
import type { Operation, PlannedOperation } from '../sync/operations.ts';
import { type EntryKey, keyPath, type RelPath } from '../sync/path.ts';
import { makePlan, type Plan, type PlanInput } from '../sync/plan.ts';
import { observedChanges, untoldFacts } from './advance.ts';
import { isApproved, planId, rememberHalt } from './approval.ts';
import { type CopyNames, createCopyNames, losingVersion } from './copy-names.ts';
import type { CycleResult } from './cycle.ts';
import { directionOf, oneWay } from './direction.ts';
import type { ConflictView } from './events.ts';
import { execute } from './execute.ts';
import { type FoundRenames, recogniseRenames } from './find-renames.ts';
import { nowIgnoredOperations, settleIgnored } from './ignored.ts';
import { judge } from './judge.ts';
import { findOwnClashes } from './own-clashes.ts';
import { findPresent, findRespelled, pairRows } from './pair-rows.ts';
import type { BaseChange } from './ports/base.ts';
import { type ConflictDeps, resolveConflicts, standingResolutions, viewOf } from './resolve-conflicts.ts';
import type { Scan } from './scan.ts';
import { contextOf, problem, type Session } from './session.ts';
import { tellUnportable } from './tell-unportable.ts';
import { operationView } from './views.ts';

export type PassOutcome =
  | {
      readonly kind: 'done';
      readonly lookAgain: boolean;
      /** What was planned, and met another state than it was planned for. */
      readonly left: readonly RelPath[];
    }
  | Extract<CycleResult, { kind: 'halted' }>;

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Judges what a scan found (whose own problems the caller tells), plans, asks the guards, and carries out. In a preview
 * it stops before the first write.
 *
 * @throws S4Error STORE_* when the store as a whole fails; the signal's reason
 */
export async function runPass(found: Scan, session: Session): Promise<PassOutcome> {
  const { deps, options } = session;
  const { foldsCase } = deps.folder;
  const paired = pairRows(found.rows, foldsCase, await findPresent(found.rows, deps.folder));
  for (const trouble of paired.problems) problem(session, trouble);
  const rows = paired.rows.filter((row) => isChosen(row.key, options.paths));
  const judgeDeps = {
    folder: deps.folder,
    store: deps.store,
    distrustStat: options.checksum === true,
    ...(options.legacyIndex && { legacyIndex: options.legacyIndex }),
    ...(options.signal && { signal: options.signal }),
  };
  const judgement = await judge(rows, judgeDeps);
  for (const trouble of judgement.problems) problem(session, trouble);
  const renames = await recogniseRenames(judgement, judgeDeps);
  const ownClashes = await findOwnClashes(renames.judged, judgeDeps);
  const planned = await planPass(found, renames, ownClashes, session);
  if (planned.kind === 'halted') return planned;
  const { operations, copyNames } = planned;
  if (options.mode === 'preview') return { kind: 'done', lookAgain: false, left: [] };

  if (operations.length > 0) await session.storeIsOurs();
  const changes = [
    ...observedChanges(renames.judged, renames.evidence),
    ...forgetSpellings(paired.otherSpellings, session),
  ];
  if (changes.length > 0) {
    await settleAdopted(renames.judged, session);
    await recordObserved(changes, renames, session);
  }
  await settleIgnored(found.nowIgnored, session);
  const respelled = findRespelled(paired.rows, foldsCase);
  const context = { ...contextOf(session, renames.evidence, copyNames), respelled };
  const { lookAgain, left } = await execute(operations, {
    target: deps.target.name,
    emit: deps.emit,
    tally: session.tally,
    context,
    contextFor: (id) => ({
      ...context,
      onBytes: (direction, bytes) => {
        context.onBytes(direction, bytes);
        deps.emit({ kind: 'operation-progress', target: deps.target.name, id, bytes });
      },
    }),
    nextId: () => session.nextOperationId++,
  });
  return { kind: 'done', lookAgain: lookAgain || judgement.unsettled > 0, left };
}

/**
 * An earlier pass of a first sync may have recorded an object under the store's spelling, when the file here had it, too:
 * the row would later prove that the file was deleted. A sound base has no such row, or the names would not have been paired.
 */
function forgetSpellings(keys: readonly EntryKey[], { base }: Session): readonly BaseChange[] {
  return base.trust === 'sound' ? [] : keys.map((key) => ({ kind: 'drop', key }));
}

/**
 * What is equal without a transfer may have been put there by a run that was killed before it made its folders durable:
 * a base that says more than the disk after a power loss would delete it everywhere (H9). At a first sync there was no
 * such run.
 */
async function settleAdopted(judged: FoundRenames['judged'], { base, deps }: Session): Promise<void> {
  if (base.trust !== 'sound') return;
  for (const { row, decision } of judged) if (decision.kind === 'adopt') deps.folder.touch(keyPath(row.key));
  await deps.folder.sync();
}

/** At a first sync, or after the index was lost, all that was ever written here would be told anew. */
async function recordObserved(
  changes: readonly BaseChange[],
  { judged, evidence }: FoundRenames,
  { base, clientId, deps, facts }: Session,
): Promise<void> {
  const { cursor } = base;
  const untold =
    base.trust === 'sound' ? untoldFacts(judged, evidence, { clientId, nowMs: deps.runtime.nowMs() }) : [];
  const unpublished = cursor.unpublished + untold.length;
  await base.record({ changes, ...(untold.length > 0 && { cursor: { ...cursor, unpublished } }) });
  facts.push(...untold);
}

type Planned =
  | {
      readonly kind: 'planned';
      readonly operations: readonly PlannedOperation[];
      readonly copyNames: CopyNames;
    }
  | Extract<PassOutcome, { kind: 'halted' }>;

async function planPass(
  found: Scan,
  renames: FoundRenames,
  ownClashes: ReadonlySet<EntryKey>,
  session: Session,
): Promise<Planned> {
  const { deps, options } = session;
  const rowKeys = new Set(found.rows.map(({ key }) => key));
  const copyNames = createCopyNames(
    deps.folder,
    deps.store.prefixBytes,
    (key) => rowKeys.has(key),
    (path) => session.named.add(path),
  );
  const conflicts = renames.judged.filter(isConflict);
  const names = await nameLosers(renames, copyNames, deps.runtime.host);
  const input: PlanInput = {
    judged: renames.judged,
    remoteRenames: renames.remoteRenames,
    localRenames: renames.localRenames,
    resolutions: standingResolutions(conflicts, session.resolutions),
    copyPath: (row) => names.get(row.key) ?? (row.key as string as RelPath),
    ownClashes,
  };
  const ignored = nowIgnoredOperations(found.nowIgnored, session);
  // The guards judge what needs no decision first: nobody answers conflicts of a plan that is then halted.
  const undecided = withIgnored(makePlan(input), ignored, options.direction);
  const halted = await guard(undecided.operations, found, session);
  if (halted !== undefined) return halted;
  const conflictDeps: ConflictDeps = {
    cycle: deps,
    options,
    evidence: renames.evidence,
    hostOf: session.hostOf,
    made: session.resolutions,
  };
  const resolutions = await resolveConflicts(conflicts, conflictDeps);
  const plan = withIgnored(makePlan({ ...input, resolutions }), ignored, options.direction);
  for (const trouble of plan.problems) problem(session, trouble);
  const waiting = conflicts.filter(
    ({ row }) => !plan.operations.some(({ operation }) => operation.key === row.key),
  );
  session.tally.conflicts(waiting.length);
  const shown: ConflictView[] = [];
  for (const conflict of conflicts) shown.push(await viewOf(conflict, conflictDeps));
  announce(plan, shown, session);
  tellUnportable(plan.operations, session);
  return { kind: 'planned', operations: plan.operations, copyNames };
}

function isConflict(judged: PlanInput['judged'][number]): judged is JudgedEntry {
  return judged.kind === 'entry' && judged.decision.kind === 'conflict';
}

/** Also a file that has the name of a folder above a chosen path: where it stays, the path cannot be. */
function isChosen(key: EntryKey, paths: readonly RelPath[] | undefined): boolean {
  if (paths === undefined || paths.length === 0) return true;
  return paths.some((path) => isUnder(key, path) || path.startsWith(`${key}/`));
}

/** Names are looked up on the disk, so they are found before the pure plan asks for them. */
async function nameLosers(
  { judged }: FoundRenames,
  copyNames: CopyNames,
  host: string,
): Promise<ReadonlyMap<EntryKey, RelPath>> {
  const names = new Map<EntryKey, RelPath>();
  for (const { kind, row, decision } of judged) {
    if (kind !== 'entry' || !(decision.kind === 'conflict' || isBesideFolder(row))) continue;
    const { path, whenMs, host: writer } = losingVersion(row, host);
    names.set(row.key, await copyNames.free(path, whenMs, writer));
  }
  return names;
}

function isBesideFolder({ beneath }: JoinedRow): boolean {
  return beneath.base || beneath.local || beneath.remote;
}

function withIgnored(
  plan: Plan,
  ignored: readonly PlannedOperation[],
  direction: 'up' | 'down' | undefined,
): Plan {
  const operations = [...plan.operations, ...ignored];
  if (direction === undefined) return { ...plan, operations };
  const part = oneWay(operations, direction);
  return { ...plan, operations: part.operations, problems: [...plan.problems, ...part.waiting] };
}

/** Halts on a plan that would destroy much, unless it was approved. Undefined: go on. */
async function guard(
  planned: readonly PlannedOperation[],
  found: Scan,
  session: Session,
): Promise<Extract<PassOutcome, { kind: 'halted' }> | undefined> {
  const { deps, options, base } = session;
  const since = deps.runtime.nowMs() - DAY_MS;
  const recent = (side: 'local' | 'remote'): number =>
    base.recentDeletions.reduce((sum, d) => (d.side === side && d.atMs >= since ? sum + d.count : sum), 0);
  const verdict = judgePlan({
    planned,
    counts: found.counts,
    recentDeletions: { local: recent('local'), remote: recent('remote') },
  });
  if (verdict.trips.length === 0) return undefined;
  const { state } = deps.folder;
  if (options.approve !== undefined && (await isApproved(state, options.approve, verdict.guarded))) {
    session.approvalUsed = true;
    return undefined;
  }
  const id = options.mode === 'sync' ? await rememberHalt(state, verdict.guarded) : planId(verdict.guarded);
  const operations = views(verdict.guarded);
  deps.emit({
    kind: 'guard-halted',
    target: deps.target.name,
    planId: id,
    guards: verdict.trips,
    operations,
  });
  return { kind: 'halted', planId: id, guards: verdict.trips };
}

function views(operations: readonly Operation[]): NonNullable<ReturnType<typeof operationView>>[] {
  return operations.flatMap((operation) => operationView(operation) ?? []);
}

function announce(plan: Plan, conflicts: readonly ConflictView[], session: Session): void {
  const { emit, target } = session.deps;
  const operations = plan.operations.map(({ operation }) => operation);
  const bytes = (direction: 'up' | 'down'): number =>
    operations.reduce((sum, o) => (directionOf(o) === direction ? sum + sizeOf(o) : sum), 0);
  emit({
    kind: 'planned',
    target: target.name,
    planId: planId(operations),
    operations: views(operations),
    conflicts,
    bytesUp: bytes('up'),
    bytesDown: bytes('down'),
  });
}

function sizeOf(operation: Operation): number {
  return operation.kind === 'upload' || operation.kind === 'download'
    ? (operationView(operation)?.sizeBytes ?? 0)
    : 0;
}
