import { mapConcurrent } from '../lib/map-concurrent.ts';
import type { RemoteRow } from '../sync/entry.ts';
import type { JoinedRow } from '../sync/join.ts';
import type { Judged, JudgedEntry } from '../sync/judged.ts';
import type { LocalFile } from '../sync/operations.ts';
import { type EntryKey, isFolderKey } from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import {
  type Decision,
  type Equality,
  reconcile,
  reconcileFolder,
  type SideFact,
} from '../sync/reconcile.ts';
import { compareContents } from './compare-contents.ts';
import type { Evidence, LookDeps } from './evidence.ts';
import { type LocalLook, lookLocal } from './look-local.ts';
import { lookRemote, type RemoteLook } from './look-remote.ts';
import { archivedObject } from './operations/download.ts';
import { problemFrom } from './problem-from.ts';

export interface Judgement {
  readonly judged: readonly Judged[];
  readonly evidence: ReadonlyMap<EntryKey, Evidence>;
  readonly problems: readonly Problem[];
  /** Rows that moved while they were looked at: the next pass decides them. */
  readonly unsettled: number;
}

// Mostly small HEADs and coalesced hashing: enough to hide a round trip.
const LOOKS_AT_ONCE = 48;

type RowOutcome =
  | { readonly kind: 'judged'; readonly judged: Judged; readonly evidence?: Evidence }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | { readonly kind: 'unsettled' };

/**
 * Finds out what happened to each row (hashing and asking only where stat and listing leave a doubt) and reconciles it.
 *
 * @throws S4Error STORE_* when the store as a whole fails; the signal's reason
 */
export async function judge(rows: readonly JoinedRow[], deps: LookDeps): Promise<Judgement> {
  const outcomes = await mapConcurrent(rows, LOOKS_AT_ONCE, async (row): Promise<RowOutcome> => {
    deps.signal?.throwIfAborted();
    if (isFolderKey(row.key)) return { kind: 'judged', judged: judgeFolder(row) };
    try {
      return await judgeEntry(row, deps);
    } catch (error) {
      return { kind: 'problem', problem: problemFrom(error, row.key) };
    }
  });
  const judged: Judged[] = [];
  const evidence = new Map<EntryKey, Evidence>();
  const problems: Problem[] = [];
  let unsettled = 0;
  for (const outcome of outcomes) {
    if (outcome.kind === 'judged') {
      judged.push(outcome.judged);
      if (outcome.evidence !== undefined) evidence.set(outcome.judged.row.key, outcome.evidence);
    } else if (outcome.kind === 'problem') {
      problems.push(outcome.problem);
    } else {
      unsettled++;
    }
  }
  return { judged, evidence, problems, unsettled };
}

function judgeFolder(row: JoinedRow): Judged {
  const { base, local, remote, beneath } = row;
  const localFact =
    local?.kind === 'folder' ? (local.occupied ? 'implied' : 'marker') : beneath.local ? 'implied' : 'absent';
  const remoteFact = beneath.remote ? 'implied' : remote !== undefined ? 'marker' : 'absent';
  const baseFact = base !== undefined ? 'marker' : beneath.base ? 'implied' : 'absent';
  const decision = reconcileFolder({
    base: baseFact,
    baseRow: base !== undefined,
    local: localFact,
    remote: remoteFact,
    remoteMarker: remote !== undefined,
  });
  return { kind: 'folder', row, decision };
}

async function judgeEntry(row: JoinedRow, deps: LookDeps): Promise<RowOutcome> {
  const local = await lookLocal(row, deps);
  if (local.kind === 'unsettled') return local;
  const remote = await lookRemote(row, local.fact, deps);
  if (remote.kind === 'unsettled') return remote;
  const compared = await compareIfNeeded(row, local, remote, deps);
  if (compared.kind === 'unsettled') return compared;
  const seen = compared.row;
  const decision = reconcile({
    base: seen.base !== undefined,
    local: local.fact,
    remote: remote.fact,
    equality: compared.equality,
  });
  if (decision.kind === 'download' && seen.remote?.archived === true) {
    return { kind: 'problem', problem: archivedObject(row.key) };
  }
  const executable = travellingMode(seen, decision.kind, local.fact, remote.fact);
  const judged: JudgedEntry = {
    kind: 'entry',
    row: seen,
    decision,
    ...(executable !== undefined && { executable }),
  };
  return { kind: 'judged', judged, evidence: compared.evidence };
}

interface Compared {
  readonly kind: 'seen';
  readonly equality: Equality;
  readonly row: JoinedRow;
  readonly evidence: Evidence;
}

async function compareIfNeeded(
  row: JoinedRow,
  local: LocalLook,
  remote: RemoteLook,
  deps: LookDeps,
): Promise<Compared | { kind: 'unsettled' }> {
  const seen = withSides(row, local.local, remote.remote);
  const evidence: Evidence = {
    ...(local.evidence && { local: local.evidence }),
    ...(remote.state && { remote: remote.state }),
  };
  if (
    local.fact !== 'changed' ||
    remote.fact !== 'changed' ||
    local.local === undefined ||
    remote.remote === undefined
  ) {
    return { kind: 'seen', equality: 'different', row: seen, evidence };
  }
  const compared = await compareContents(local.local, remote.remote, deps);
  if (compared.kind === 'unsettled') return compared;
  const known = compared.evidence ?? local.evidence;
  return {
    kind: 'seen',
    equality: compared.equality,
    row: withSides(row, compared.local, { ...remote.remote, token: compared.state.token }),
    evidence: {
      remote: compared.state,
      ...(known && { local: known }),
    },
  };
}

function withSides(row: JoinedRow, local: LocalFile | undefined, remote: RemoteRow | undefined): JoinedRow {
  return { ...row, ...(local && { local }), ...(remote && { remote }) };
}

/** Content travels one way while the executable bit was changed on the other side: the result has both changes. */
function travellingMode(
  row: JoinedRow,
  decision: Decision['kind'],
  local: SideFact,
  remote: SideFact,
): boolean | undefined {
  if (row.base?.content.kind !== 'file') return undefined;
  if (decision === 'upload' && remote === 'meta') return !row.base.content.executable;
  if (decision === 'download' && local === 'meta') return !row.base.content.executable;
  return undefined;
}
