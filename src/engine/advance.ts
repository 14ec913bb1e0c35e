import type { LogFact } from '../formats/head-codec.ts';
import { decodeMetadata } from '../formats/metadata-codec.ts';
import { type BaseRow, sameFingerprint } from '../sync/entry.ts';
import type { JoinedRow } from '../sync/join.ts';
import type { Judged, JudgedEntry } from '../sync/judged.ts';
import type { EntryKey } from '../sync/path.ts';
import { sameRemoteToken } from '../sync/token.ts';
import type { Evidence } from './evidence.ts';
import { deleteFact, putFact } from './operations/facts.ts';
import type { BaseChange } from './ports/base.ts';

/**
 * What the base learns without any transfer: contents that were found equal, deletions that both sides made, and newer
 * evidence (a stat, a token) for what did not change. A base row exists only with evidence from both sides.
 */
export function observedChanges(
  judged: readonly Judged[],
  evidence: ReadonlyMap<EntryKey, Evidence>,
): readonly BaseChange[] {
  return judged.flatMap((j) =>
    j.kind === 'folder' ? folderChange(j) : entryChange(j, evidence.get(j.row.key)),
  );
}

/**
 * What the others were not told: a write of ours whose answer was lost is found here only as two sides that are equal, or
 * both without the file. An object names its writer; of a deletion it is told whoever it was.
 */
export function untoldFacts(
  judged: readonly Judged[],
  evidence: ReadonlyMap<EntryKey, Evidence>,
  { clientId, nowMs }: { readonly clientId: string; readonly nowMs: number },
): readonly LogFact[] {
  return judged.flatMap((j): LogFact[] => {
    if (j.kind === 'folder') return [];
    const { base } = j.row;
    if (j.decision.kind === 'forget') return base === undefined ? [] : [deleteFact(base, nowMs)];
    if (j.decision.kind !== 'adopt') return [];
    const found = evidence.get(j.row.key);
    const write = found?.remote && decodeMetadata(found.remote.metadata).write;
    if (write === undefined || !write.startsWith(`${clientId}.`)) return [];
    return agreedRow(j.row, found).flatMap((change) =>
      change.kind === 'set' ? [putFact(change.row, write, base?.remote, nowMs)] : [],
    );
  });
}

function folderChange({ row, decision }: Extract<Judged, { kind: 'folder' }>): BaseChange[] {
  if (decision.kind === 'forget') return [{ kind: 'drop', key: row.key }];
  if (decision.kind !== 'adopt' || row.remote === undefined) return [];
  const remote = row.remote.token;
  // Two spellings of one folder meet anew in every cycle.
  if (row.base !== undefined && sameRemoteToken(row.base.remote, remote)) return [];
  return [{ kind: 'set', row: { key: row.key, content: { kind: 'folder' }, mtimeNs: 0n, remote } }];
}

function entryChange({ row, decision }: JudgedEntry, evidence: Evidence | undefined): BaseChange[] {
  switch (decision.kind) {
    case 'forget':
      return [{ kind: 'drop', key: row.key }];
    case 'adopt':
      return agreedRow(row, evidence);
    case 'none':
      return isStale(row, evidence) ? agreedRow(row, evidence) : [];
    default:
      return [];
  }
}

function agreedRow(row: JoinedRow, evidence: Evidence | undefined): BaseChange[] {
  const { base, local, remote } = row;
  const known = evidence?.local;
  if (known === undefined || local === undefined || local.kind === 'folder' || remote === undefined)
    return [];
  const sameAsBase =
    base !== undefined && base.content.kind !== 'folder' && base.content.digest === known.content.digest;
  const published = evidence?.remote && decodeMetadata(evidence.remote.metadata).mtimeNs;
  const agreed: BaseRow = {
    key: row.key,
    content: known.content,
    mtimeNs: (sameAsBase ? base.mtimeNs : published) ?? local.fingerprint.mtimeNs,
    local: local.fingerprint,
    ...(known.racy && { racy: true }),
    remote: remote.token,
  };
  return [{ kind: 'set', row: agreed }];
}

function isStale({ base, local, remote }: JoinedRow, evidence: Evidence | undefined): boolean {
  if (base?.local === undefined || local === undefined || local.kind === 'folder' || remote === undefined) {
    return false;
  }
  const sameStat = sameFingerprint(base.local, local.fingerprint);
  const sameRacy = (base.racy === true) === (evidence?.local?.racy === true);
  return !sameStat || !sameRacy || !sameRemoteToken(base.remote, remote.token);
}
