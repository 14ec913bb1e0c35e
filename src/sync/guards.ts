import type { Operation, PlannedOperation } from './operations.ts';

export type GuardCode =
  | 'local-emptied'
  | 'remote-emptied'
  | 'mass-delete-local'
  | 'mass-delete-remote'
  | 'everything-changed';

export interface GuardTrip {
  readonly code: GuardCode;
  readonly message: string;
}

export interface GuardInput {
  readonly planned: readonly PlannedOperation[];
  /** Files inside what is synced this time. */
  readonly counts: { readonly baseFiles: number; readonly localFiles: number; readonly remoteFiles: number };
  /** Deletions carried out during the last 24 hours: many small bursts are one large one. */
  readonly recentDeletions: { readonly local: number; readonly remote: number };
}

export interface GuardVerdict {
  readonly trips: readonly GuardTrip[];
  /** What the trips are about: an approval covers these, with the states they expect, and any subset of them. */
  readonly guarded: readonly Operation[];
}

/** Ratios say nothing about a handful of files. */
const RATIO_FROM_FILES = 10;
/** A side that held this many files and holds none was unmounted, emptied or swapped, rather than tidied up. */
const EMPTIED_FROM_FILES = 2;

/** Judges a plan by how much it would destroy. Moves were taken out of the deletions before. */
export function judgePlan(input: GuardInput): GuardVerdict {
  const { counts, recentDeletions } = input;
  const operations = input.planned.map(({ operation }) => operation);
  const fromStore = operations.filter((o) => o.kind === 'delete-remote');
  const fromFolder = operations.filter((o) => o.kind === 'delete-local');
  const replacedUp = operations.filter((o) => o.kind === 'upload' && o.replaces !== undefined);
  const replacedDown = operations.filter((o) => o.kind === 'download' && o.replaces !== undefined);
  const trips: GuardTrip[] = [];
  const guarded: Operation[] = [];
  const trip = (code: GuardCode, message: string, about: readonly Operation[]): void => {
    trips.push({ code, message });
    guarded.push(...about);
  };

  if (isEmptied(counts.localFiles, counts.baseFiles, fromStore.length)) {
    const message = `the local folder is empty: ${files(fromStore.length)} would be deleted in the store`;
    trip('local-emptied', message, fromStore);
  } else if (isMass(fromStore.length, recentDeletions.remote, counts.baseFiles)) {
    trip(
      'mass-delete-remote',
      massMessage(fromStore.length, recentDeletions.remote, counts.baseFiles, 'store'),
      fromStore,
    );
  }
  if (isEmptied(counts.remoteFiles, counts.baseFiles, fromFolder.length)) {
    const message = `the store is empty: ${files(fromFolder.length)} would be deleted in the local folder`;
    trip('remote-emptied', message, fromFolder);
  } else if (isMass(fromFolder.length, recentDeletions.local, counts.baseFiles)) {
    trip(
      'mass-delete-local',
      massMessage(fromFolder.length, recentDeletions.local, counts.baseFiles, 'folder'),
      fromFolder,
    );
  }
  for (const [replaced, where] of [
    [replacedUp, 'store'],
    [replacedDown, 'local folder'],
  ] as const) {
    if (counts.baseFiles >= RATIO_FROM_FILES && replaced.length >= counts.baseFiles) {
      const message = `every file was changed: all ${files(replaced.length)} would be replaced in the ${where}`;
      trip('everything-changed', message, replaced);
    }
  }
  return { trips, guarded };
}

function isEmptied(nowFiles: number, baseFiles: number, deletions: number): boolean {
  return nowFiles === 0 && baseFiles >= EMPTIED_FROM_FILES && deletions > 0;
}

function isMass(deletions: number, recent: number, baseFiles: number): boolean {
  const before = baseFiles + recent;
  return deletions > 0 && before >= RATIO_FROM_FILES && (deletions + recent) * 2 > before;
}

function massMessage(deletions: number, recent: number, baseFiles: number, where: string): string {
  const now = `${deletions} of ${files(baseFiles)} would be deleted in the ${where}`;
  return recent === 0 ? now : `${now}, after ${recent} deleted there in the last 24 hours`;
}

function files(count: number): string {
  return count === 1 ? '1 file' : `${count} files`;
}

/** One line for one operation and the state it expects: what an approval is bound to. */
export function guardedLine(operation: Operation): string {
  switch (operation.kind) {
    case 'delete-remote':
      return `delete-remote ${operation.remote.token.etag} ${operation.key}`;
    case 'delete-local':
      return `delete-local ${digestOf(operation.base.content)} ${operation.key}`;
    case 'upload':
      return `upload ${operation.replaces?.token.etag ?? '-'} ${operation.local.fingerprint.mtimeNs} ${operation.key}`;
    case 'download':
      return `download ${operation.remote.token.etag} ${operation.key}`;
    default:
      return `${operation.kind} ${operation.key}`;
  }
}

function digestOf(content: { readonly kind: string; readonly digest?: string }): string {
  return content.digest ?? content.kind;
}
