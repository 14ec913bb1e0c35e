import { type Content, sameFingerprint } from '../sync/entry.ts';
import type { JoinedRow } from '../sync/join.ts';
import { localFile } from '../sync/judged.ts';
import type { LocalFile } from '../sync/operations.ts';
import { type EntryKey, keyPath } from '../sync/path.ts';
import type { SideFact } from '../sync/reconcile.ts';
import { factOf, hashedAs, type LocalEvidence, type LookDeps } from './evidence.ts';
import { WHOLE_READ_BYTES } from './operations/guarded.ts';

export interface LocalLook {
  readonly kind: 'seen';
  readonly fact: SideFact;
  readonly local?: LocalFile;
  readonly evidence?: LocalEvidence;
}

/** What became of the local side: by its stat where that can be trusted, else by its hash. */
export async function lookLocal(row: JoinedRow, deps: LookDeps): Promise<LocalLook | { kind: 'unsettled' }> {
  const { base } = row;
  const local = localFile(row);
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
  deps: LookDeps,
): Promise<{ readonly local: LocalFile; readonly evidence: LocalEvidence } | undefined> {
  const outcome = await deps.folder.hash({
    path: keyPath(key),
    etagPartSizes: local.fingerprint.sizeBytes <= WHOLE_READ_BYTES ? [0] : [],
    ...(deps.signal && { signal: deps.signal }),
  });
  return outcome.kind === 'hashed' ? hashedAs(local, outcome) : undefined;
}

function withMode(content: Exclude<Content, { kind: 'folder' }>, local: LocalFile): LocalEvidence['content'] {
  return content.kind === 'file' && local.kind === 'file'
    ? { ...content, executable: local.executable }
    : content;
}
