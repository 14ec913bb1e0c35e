import type { LogFact } from '../formats/head-codec.ts';
import { decodeMetadata } from '../formats/metadata-codec.ts';
import { sameBytes } from '../sync/entry.ts';
import type { Judged } from '../sync/judged.ts';
import type { EntryKey } from '../sync/path.ts';
import { sameRemoteToken } from '../sync/token.ts';
import { observedChanges } from './advance.ts';
import type { Evidence } from './evidence.ts';
import { modeFact, putFact } from './operations/facts.ts';

/** What the others were not told of. */
export interface Untold {
  readonly facts: readonly LogFact[];
  /** Something that cannot be named: the others are to look at everything. */
  readonly more: boolean;
}

interface Circumstances {
  readonly clientId: string;
  /** The first look at everything since the base was opened: an earlier run may have been killed. */
  readonly afterOpening: boolean;
  readonly nowMs: number;
}

// Beyond this a listing costs the others less than reading about each.
const MAX_FACTS = 1_000;

/**
 * Writes of our own that were not recorded, as the process was killed (or the network cut) between the request and its
 * record: the object is there, equal to the file, and nobody heard of it. The object's metadata names who wrote it.
 * What is gone on both sides, and a marker of a folder, name nobody: where they may be ours, all of it is said to be new.
 */
export function untold(
  judged: readonly Judged[],
  evidence: ReadonlyMap<EntryKey, Evidence>,
  { clientId, afterOpening, nowMs }: Circumstances,
): Untold {
  const facts = judged.flatMap((j) => ownWrite(j, evidence, clientId, nowMs));
  const nameless = afterOpening && judged.some(isNameless);
  return facts.length > MAX_FACTS ? { facts: [], more: true } : { facts, more: nameless };
}

function ownWrite(
  judged: Judged,
  evidence: ReadonlyMap<EntryKey, Evidence>,
  clientId: string,
  nowMs: number,
): readonly LogFact[] {
  if (judged.kind === 'folder' || judged.decision.kind !== 'adopt') return [];
  const { row } = judged;
  const state = evidence.get(row.key)?.remote;
  const write = state && decodeMetadata(state.metadata).write;
  if (write === undefined || !write.startsWith(`${clientId}.`)) return [];
  const replaced = row.base?.remote;
  return observedChanges([judged], evidence).flatMap((change) => {
    if (change.kind !== 'set') return [];
    const now = change.row;
    if (replaced === undefined || row.base === undefined) return [putFact(now, write, undefined, nowMs)];
    if (sameRemoteToken(replaced, now.remote)) return [];
    const isMode = sameBytes(row.base.content, now.content);
    return [isMode ? modeFact(now, write, replaced, nowMs) : putFact(now, write, replaced, nowMs)];
  });
}

function isNameless({ kind, decision }: Judged): boolean {
  return decision.kind === 'forget' || (kind === 'folder' && decision.kind === 'adopt');
}
