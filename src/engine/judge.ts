import { decodeMetadata } from '../formats/metadata-codec.ts';
import { mapConcurrent } from '../lib/map-concurrent.ts';
import {
  type Content,
  type Digest,
  type LocalRow,
  type RemoteRow,
  sameBytes,
  sameContent,
  sameFingerprint,
} from '../sync/entry.ts';
import type { JoinedRow } from '../sync/join.ts';
import type { LocalFile } from '../sync/operations.ts';
import { type EntryKey, isFolderKey, keyPath } from '../sync/path.ts';
import type { Judged, JudgedEntry } from '../sync/plan.ts';
import type { Problem } from '../sync/problem.ts';
import { type Equality, reconcile, reconcileFolder, type SideFact } from '../sync/reconcile.ts';
import { sameRemoteBytes, sameRemoteToken } from '../sync/token.ts';
import { compareContents } from './compare-contents.ts';
import { objectKey } from './keys.ts';
import { WHOLE_READ_BYTES } from './operations/guarded.ts';
import type { Folder, HashOutcome } from './ports/folder.ts';
import type { ObjectState, Store } from './ports/store.ts';
import { problemFrom } from './problem-from.ts';
import { provenDigest } from './proven-digest.ts';

/** What was found out about a row beyond the walk and the listing; operations and the base build on it. */
export interface Evidence {
  readonly local?: LocalEvidence;
  readonly remote?: ObjectState;
}

export interface LocalEvidence {
  readonly content: Exclude<Content, { kind: 'folder' }>;
  readonly racy: boolean;
  /** MD5 of a file small enough to be sent in one piece. */
  readonly md5?: string;
}

export interface Judgement {
  readonly judged: readonly Judged[];
  readonly evidence: ReadonlyMap<EntryKey, Evidence>;
  readonly problems: readonly Problem[];
  /** Rows that moved while they were looked at: the next pass decides them. */
  readonly unsettled: number;
}

export interface JudgeDeps {
  readonly folder: Folder;
  readonly store: Store;
  readonly distrustStat: boolean;
  readonly legacyIndex?: ReadonlyMap<string, { readonly localS: number; readonly remoteS: number }>;
  readonly signal?: AbortSignal;
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
export async function judge(rows: readonly JoinedRow[], deps: JudgeDeps): Promise<Judgement> {
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

async function judgeEntry(row: JoinedRow, deps: JudgeDeps): Promise<RowOutcome> {
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
    return { kind: 'problem', problem: archived(row.key) };
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

interface LocalLook {
  readonly kind: 'seen';
  readonly fact: SideFact;
  readonly local?: LocalFile;
  readonly evidence?: LocalEvidence;
}

async function lookLocal(row: JoinedRow, deps: JudgeDeps): Promise<LocalLook | { kind: 'unsettled' }> {
  const { base } = row;
  const local = asFile(row.local);
  if (local === undefined) return { kind: 'seen', fact: 'absent' };
  if (base === undefined || base.content.kind === 'folder') return { kind: 'seen', fact: 'changed', local };
  const trusted =
    !deps.distrustStat &&
    base.racy !== true &&
    base.local !== undefined &&
    sameFingerprint(base.local, local.fingerprint) &&
    base.content.kind === local.kind;
  if (trusted) {
    const content = withMode(base.content, local);
    return { kind: 'seen', fact: factOf(base.content, content), local, evidence: { content, racy: false } };
  }
  const hashed = await hashLocal(row.key, local, deps);
  if (hashed === undefined) return { kind: 'unsettled' };
  return {
    kind: 'seen',
    fact: factOf(base.content, hashed.evidence.content),
    local: hashed.local,
    evidence: hashed.evidence,
  };
}

/** Undefined when the file moved on since the walk: a later pass sees its next state. */
async function hashLocal(
  key: EntryKey,
  local: LocalFile,
  deps: JudgeDeps,
): Promise<{ readonly local: LocalFile; readonly evidence: LocalEvidence } | undefined> {
  const outcome = await deps.folder.hash({
    path: keyPath(key),
    etagPartSizes: local.fingerprint.sizeBytes <= WHOLE_READ_BYTES ? [0] : [],
    ...(deps.signal && { signal: deps.signal }),
  });
  return outcome.kind === 'hashed' ? hashedAs(local, outcome) : undefined;
}

/** A local file as it was when it was hashed. */
export function hashedAs(
  local: LocalFile,
  hashed: Extract<HashOutcome, { kind: 'hashed' }>,
): { readonly local: LocalFile; readonly evidence: LocalEvidence } {
  const { digest, fingerprint, executable, racy } = hashed;
  const sizeBytes = fingerprint.sizeBytes;
  const plain = hashed.etags.find((etag) => !etag.includes('-'));
  const md5 = sizeBytes <= WHOLE_READ_BYTES && plain !== undefined ? { md5: plain } : {};
  return local.kind === 'symlink'
    ? {
        local: { ...local, fingerprint },
        evidence: { content: { kind: 'symlink', digest, sizeBytes }, racy, ...md5 },
      }
    : {
        local: { ...local, fingerprint, executable },
        evidence: { content: { kind: 'file', digest, sizeBytes, executable }, racy, ...md5 },
      };
}

interface RemoteLook {
  readonly kind: 'seen';
  readonly fact: SideFact;
  readonly remote?: RemoteRow;
  readonly state?: ObjectState;
}

async function lookRemote(
  row: JoinedRow,
  localFact: SideFact,
  deps: JudgeDeps,
): Promise<RemoteLook | { kind: 'unsettled' }> {
  const { base, remote } = row;
  if (remote === undefined) return { kind: 'seen', fact: 'absent' };
  if (base === undefined || base.content.kind === 'folder') return { kind: 'seen', fact: 'changed', remote };
  if (sameRemoteToken(base.remote, remote.token)) return { kind: 'seen', fact: 'same', remote };
  // Equal bytes with a new time may be a chmod; a rewrite of a file that is deleted here may be the very same content.
  if (!sameRemoteBytes(base.remote, remote.token) && localFact !== 'absent') {
    return { kind: 'seen', fact: 'changed', remote };
  }
  const head = await deps.store.head(objectKey(remote.key), deps.signal ? { signal: deps.signal } : {});
  if (head.kind === 'absent') return { kind: 'unsettled' };
  const fresh: RemoteRow = { ...remote, token: head.state.token };
  const content = remoteContent(head.state, base.content, sameRemoteBytes(base.remote, head.state.token));
  const fact = content === undefined ? 'changed' : factOf(base.content, content);
  return { kind: 'seen', fact, remote: fresh, state: head.state };
}

/** The content that an object's metadata proves it to have, or undefined. */
function remoteContent(
  state: ObjectState,
  base: Exclude<Content, { kind: 'folder' }>,
  sameBytesAsBase: boolean,
): Content | undefined {
  const metadata = decodeMetadata(state.metadata);
  const digest: Digest | undefined = sameBytesAsBase ? base.digest : provenDigest(state);
  if (digest === undefined) return undefined;
  const sizeBytes = state.token.sizeBytes;
  if ((metadata.kind ?? base.kind) === 'symlink') return { kind: 'symlink', digest, sizeBytes };
  const known = base.kind === 'file' ? base.executable : false;
  return { kind: 'file', digest, sizeBytes, executable: metadata.executable ?? known };
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
  deps: JudgeDeps,
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
  return {
    kind: 'seen',
    equality: compared.equality,
    row: withSides(row, compared.local, { ...remote.remote, token: compared.state.token }),
    evidence: {
      remote: compared.state,
      ...((compared.evidence ?? local.evidence) && { local: compared.evidence ?? local.evidence }),
    } as Evidence,
  };
}

function withSides(row: JoinedRow, local: LocalFile | undefined, remote: RemoteRow | undefined): JoinedRow {
  return { ...row, ...(local && { local }), ...(remote && { remote }) };
}

function factOf(base: Content, now: Content): SideFact {
  if (sameContent(base, now)) return 'same';
  return sameBytes(base, now) ? 'meta' : 'changed';
}

function withMode(content: Exclude<Content, { kind: 'folder' }>, local: LocalFile): LocalEvidence['content'] {
  return content.kind === 'file' && local.kind === 'file'
    ? { ...content, executable: local.executable }
    : content;
}

/** Content travels one way while the executable bit was changed on the other side: the result has both changes. */
function travellingMode(
  row: JoinedRow,
  decision: string,
  local: SideFact,
  remote: SideFact,
): boolean | undefined {
  if (row.base?.content.kind !== 'file') return undefined;
  if (decision === 'upload' && remote === 'meta') return !row.base.content.executable;
  if (decision === 'download' && local === 'meta') return !row.base.content.executable;
  return undefined;
}

function asFile(row: LocalRow | undefined): LocalFile | undefined {
  return row === undefined || row.kind === 'folder' ? undefined : row;
}

function archived(path: string): Problem {
  return {
    path,
    side: 'remote',
    code: 'archived',
    message: 'it is in an archive storage class and cannot be read',
    hint: 'Restore the object (for example with `aws s3api restore-object`) and sync again.',
  };
}
