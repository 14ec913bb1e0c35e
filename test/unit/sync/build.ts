import type {
  BaseRow,
  Digest,
  Fingerprint,
  LocalRow,
  RemoteRow,
  RemoteToken,
} from '../../../src/sync/entry.ts';
import type { JoinedRow, Presence } from '../../../src/sync/join.ts';
import type { Judged, JudgedEntry } from '../../../src/sync/judged.ts';
import type { EntryKey } from '../../../src/sync/path.ts';
import type { Decision, FolderDecision } from '../../../src/sync/reconcile.ts';

export const key = (text: string): EntryKey => text as EntryKey;

/** A state that is told apart by a small number: equal numbers, equal states. */
export function fingerprint(state = 0): Fingerprint {
  return { inode: BigInt(state + 1), sizeBytes: 10, mtimeNs: BigInt(state) * 1000n, ctimeNs: BigInt(state) };
}

function token(state = 0): RemoteToken {
  return { etag: `etag-${state}`, sizeBytes: 10, modifiedMs: state * 1000 };
}

export function digest(state = 0): Digest {
  return state.toString(16).padStart(64, '0') as Digest;
}

export function baseRow(name: string, state = 0): BaseRow {
  if (name.endsWith('/')) {
    return { key: key(name), content: { kind: 'folder' }, mtimeNs: 0n, remote: token(state) };
  }
  return {
    key: key(name),
    content: { kind: 'file', digest: digest(state), sizeBytes: 10, executable: false },
    mtimeNs: 0n,
    local: fingerprint(state),
    remote: token(state),
  };
}

export function localRow(name: string, state = 0): LocalRow {
  return name.endsWith('/')
    ? { kind: 'folder', key: key(name), occupied: false }
    : { kind: 'file', key: key(name), fingerprint: fingerprint(state), executable: false };
}

export function remoteRow(name: string, state = 0): RemoteRow {
  return { key: key(name), token: token(state) };
}

export interface Sides {
  readonly base?: number;
  readonly local?: number;
  readonly remote?: number;
  readonly beneath?: Partial<Presence>;
  readonly under?: JoinedRow;
}

export function joined(name: string, sides: Sides): JoinedRow {
  return {
    key: key(name),
    ...(sides.base !== undefined && { base: baseRow(name, sides.base) }),
    ...(sides.local !== undefined && { local: localRow(name, sides.local) }),
    ...(sides.remote !== undefined && { remote: remoteRow(name, sides.remote) }),
    beneath: { base: false, local: false, remote: false, settled: false, ...sides.beneath },
    ...(sides.under && { under: sides.under }),
  };
}

export function entry(name: string, sides: Sides, decision: Decision): JudgedEntry {
  return { kind: 'entry', row: joined(name, sides), decision };
}

export function folder(name: string, sides: Sides, kind: FolderDecision['kind']): Judged {
  return { kind: 'folder', row: joined(name, sides), decision: { kind } };
}

export const UP: Decision = { kind: 'upload', editBeatsDelete: false };
export const DOWN: Decision = { kind: 'download', editBeatsDelete: false };
