import { assertNever } from '../lib/assert-never.ts';
import type { JoinedRow } from './join.ts';
import type { LocalFile, Operation, PlannedOperation, Step } from './operations.ts';
import { STEPS } from './operations.ts';
import {
  compareKeys,
  type EntryKey,
  folderKey,
  isFolderKey,
  keyPath,
  parentPath,
  type RelPath,
} from './path.ts';
import type { Problem } from './problem.ts';
import type { Decision, FolderDecision } from './reconcile.ts';
import type { Rename } from './renames.ts';

/** A joined row with what reconcile made of it. */
export type Judged =
  | {
      readonly kind: 'entry';
      readonly row: JoinedRow;
      readonly decision: Decision;
      /** The executable bit that the result must have, where it is not that of the side that travels. */
      readonly executable?: boolean;
    }
  | { readonly kind: 'folder'; readonly row: JoinedRow; readonly decision: FolderDecision };

export type JudgedEntry = Extract<Judged, { kind: 'entry' }>;

/** How a conflict ends. `skip` leaves everything as it is. */
export type Resolution =
  | { readonly kind: 'local' }
  | { readonly kind: 'remote' }
  | { readonly kind: 'both' }
  | { readonly kind: 'merged'; readonly text: Uint8Array }
  | { readonly kind: 'skip' };

export interface PlanInput {
  readonly judged: readonly Judged[];
  /** Moves recognised by hash: `to` is a creation, `from` a deletion, both on the same side. */
  readonly remoteRenames: readonly Rename[];
  readonly localRenames: readonly Rename[];
  readonly resolutions: ReadonlyMap<EntryKey, Resolution>;
  /** A free name for the version that loses its own. */
  readonly copyPath: (row: JoinedRow) => RelPath;
}

export interface Plan {
  /** In the order of steps, then keys: equal input gives the equal plan. */
  readonly operations: readonly PlannedOperation[];
  readonly problems: readonly Problem[];
}

/** Turns decisions into ordered operations. Pure and deterministic. */
export function makePlan(input: PlanInput): Plan {
  const clashes = resolveClashes(input);
  const moved = new Set<EntryKey>();
  const operations: Operation[] = [...clashes.operations];
  const byKey = new Map<EntryKey, JudgedEntry>();
  for (const judged of input.judged) if (judged.kind === 'entry') byKey.set(judged.row.key, judged);
  for (const rename of input.remoteRenames) {
    const operation = remoteRename(rename, byKey, clashes.settled);
    if (operation !== undefined) operations.push(operation);
    if (operation !== undefined) moved.add(rename.from).add(rename.to);
  }
  for (const rename of input.localRenames) {
    const operation = localRename(rename, byKey, clashes.settled);
    if (operation !== undefined) operations.push(operation);
    if (operation !== undefined) moved.add(rename.from).add(rename.to);
  }
  for (const judged of input.judged) {
    if (moved.has(judged.row.key) || clashes.settled.has(judged.row.key)) continue;
    const operation = judged.kind === 'entry' ? entryOperation(judged, input) : folderOperation(judged);
    if (operation !== undefined) operations.push(operation);
  }
  operations.push(...emptiedFolders(input, operations));
  return { operations: order(operations), problems: clashes.problems };
}

function remoteRename(
  { from, to }: Rename,
  rows: ReadonlyMap<EntryKey, JudgedEntry>,
  excluded: ReadonlySet<EntryKey>,
): Operation | undefined {
  const source = rows.get(from)?.row;
  const local = localFile(rows.get(to)?.row);
  if (source?.remote === undefined || source.base === undefined || local === undefined) return undefined;
  if (excluded.has(from) || excluded.has(to)) return undefined;
  return { kind: 'rename-remote', key: to, local, from: source.remote, base: source.base };
}

function localRename(
  { from, to }: Rename,
  rows: ReadonlyMap<EntryKey, JudgedEntry>,
  excluded: ReadonlySet<EntryKey>,
): Operation | undefined {
  const source = rows.get(from)?.row;
  const remote = rows.get(to)?.row.remote;
  const local = localFile(source);
  if (source?.base === undefined || local === undefined || remote === undefined) return undefined;
  if (excluded.has(from) || excluded.has(to)) return undefined;
  return { kind: 'rename-local', key: to, from: local, remote, base: source.base };
}

function entryOperation(judged: JudgedEntry, input: PlanInput): Operation | undefined {
  const { row, decision } = judged;
  const { key, base, remote } = row;
  const local = localFile(row);
  switch (decision.kind) {
    case 'none':
    case 'adopt':
    case 'forget':
      return undefined;
    case 'upload':
      return local && upload(judged, local);
    case 'download':
      return remote && download(judged, local);
    case 'delete-remote':
      return remote && base && { kind: 'delete-remote', key, remote, base };
    case 'delete-local':
      return local && base && { kind: 'delete-local', key, local, base };
    case 'mode-up':
      return local && remote && { kind: 'mode-up', key, local, remote, ...(base && { base }) };
    case 'mode-down':
      return local && remote && base && { kind: 'mode-down', key, local, remote, base };
    case 'conflict':
      return resolveConflict(judged, input);
    default:
      return assertNever(decision);
  }
}

function upload({ row, executable }: JudgedEntry, local: LocalFile): Operation {
  return {
    kind: 'upload',
    key: row.key,
    local,
    ...(row.remote && { replaces: row.remote }),
    ...(executable !== undefined && { executable }),
    ...(row.base && { base: row.base }),
  };
}

function download({ row, executable }: JudgedEntry, local: LocalFile | undefined): Operation | undefined {
  if (row.remote === undefined) return undefined;
  return {
    kind: 'download',
    key: row.key,
    remote: row.remote,
    ...(local && { replaces: local }),
    ...(executable !== undefined && { executable }),
    ...(row.base && { base: row.base }),
  };
}

function resolveConflict(judged: JudgedEntry, input: PlanInput): Operation | undefined {
  const { row } = judged;
  const local = localFile(row);
  if (local === undefined || row.remote === undefined) return undefined;
  const resolution = input.resolutions.get(row.key) ?? { kind: 'skip' };
  switch (resolution.kind) {
    case 'skip':
      return undefined;
    case 'local':
      return upload(judged, local);
    case 'remote':
      return download(judged, local);
    case 'both':
      return { kind: 'keep-both', key: row.key, local, remote: row.remote, copy: input.copyPath(row) };
    case 'merged':
      return { kind: 'merge', key: row.key, local, remote: row.remote, merged: resolution.text };
    default:
      return assertNever(resolution);
  }
}

function folderOperation({ row, decision }: Extract<Judged, { kind: 'folder' }>): Operation | undefined {
  const { key, remote } = row;
  switch (decision.kind) {
    case 'none':
    case 'adopt':
    case 'forget':
      return undefined;
    case 'make-local':
      return remote && { kind: 'make-local-folder', key, remote };
    case 'make-remote':
      return { kind: 'make-remote-folder', key };
    case 'remove-local':
      return { kind: 'remove-local-folder', key };
    case 'remove-remote':
      return remote && { kind: 'remove-remote-folder', key, remote };
    default:
      return assertNever(decision);
  }
}

interface Clashes {
  readonly operations: readonly Operation[];
  readonly problems: readonly Problem[];
  /** Keys that need no operation of their own any more. */
  readonly settled: ReadonlySet<EntryKey>;
}

/**
 * A file and a folder of one name. Most are a swap on one side, whose own decisions end it. Where both would remain,
 * the file steps aside under a conflict name; where the store already holds both, s4 touches neither.
 */
function resolveClashes(input: PlanInput): Clashes {
  const operations: Operation[] = [];
  const problems: Problem[] = [];
  const settled = new Set<EntryKey>();
  const below = new Map<EntryKey, Judged[]>();
  for (const judged of input.judged) {
    for (let file = judged.row.under; file !== undefined; file = file.under) {
      const children = below.get(file.key);
      if (children === undefined) below.set(file.key, [judged]);
      else children.push(judged);
    }
  }
  for (const judged of input.judged) {
    const { row } = judged;
    if (judged.kind !== 'entry' || !(row.beneath.base || row.beneath.local || row.beneath.remote)) continue;
    const children = below.get(row.key) ?? [];
    if (!remains(judged) || !(row.beneath.settled || children.some(remains))) continue;
    const local = localFile(row);
    if (row.remote !== undefined && row.beneath.remote) {
      problems.push(fileAndFolder(row.key));
      settled.add(row.key);
      for (const child of children) settled.add(child.row.key);
    } else if (local !== undefined) {
      operations.push({ kind: 'local-aside', key: row.key, local, copy: input.copyPath(row) });
      settled.add(row.key);
    } else if (row.remote !== undefined) {
      operations.push({ kind: 'remote-aside', key: row.key, remote: row.remote, copy: input.copyPath(row) });
      settled.add(row.key);
    }
  }
  return { operations, problems, settled };
}

function remains(judged: Judged): boolean {
  switch (judged.decision.kind) {
    case 'delete-local':
    case 'delete-remote':
    case 'forget':
    case 'remove-local':
    case 'remove-remote':
      return false;
    default:
      return judged.row.local !== undefined || judged.row.remote !== undefined;
  }
}

function fileAndFolder(path: string): Problem {
  return {
    path,
    side: 'remote',
    code: 'file-and-folder',
    message: 'the store holds a file and a folder of this name, and a disk can hold only one',
    hint: 'Rename or remove one of them in the bucket.',
  };
}

/**
 * Folders that lose their last child. Removed on this side they go with it, unless the store keeps a marker; kept
 * empty by the user they get one.
 */
function emptiedFolders(input: PlanInput, planned: readonly Operation[]): Operation[] {
  const keptEmpty = new Map<EntryKey, JoinedRow>();
  const marked = new Set<EntryKey>();
  for (const { kind, row } of input.judged) {
    if (kind !== 'folder') continue;
    if (row.remote !== undefined) marked.add(row.key);
    if (row.local?.kind === 'folder' && !row.local.occupied && row.remote === undefined) {
      keptEmpty.set(row.key, row);
    }
  }
  const result: Operation[] = [];
  const arriving = foldersOf(
    planned,
    ['download', 'make-local-folder', 'rename-local', 'keep-both', 'remote-aside'],
    ({ key }) => key,
  );
  const leavingRemote = foldersOf(planned, ['delete-remote', 'rename-remote'], leftName);
  for (const [key, row] of keptEmpty) {
    if (row.beneath.remote && leavingRemote.has(key) && !arriving.has(key)) {
      result.push({ kind: 'make-remote-folder', key });
    }
  }
  const removed = foldersOf(planned, ['delete-local', 'rename-local', 'remove-local-folder'], leftName);
  const already = new Set(planned.filter((o) => o.kind === 'remove-local-folder').map((o) => o.key));
  for (const key of removed) {
    if (!marked.has(key) && !arriving.has(key) && !already.has(key)) {
      result.push({ kind: 'remove-local-folder', key, implicit: true });
    }
  }
  return result;
}

/** Every folder above the names that these operations touch. */
function foldersOf(
  operations: readonly Operation[],
  kinds: readonly Operation['kind'][],
  nameOf: (operation: Operation) => EntryKey,
): Set<EntryKey> {
  const folders = new Set<EntryKey>();
  for (const operation of operations) {
    if (!kinds.includes(operation.kind)) continue;
    for (let path = parentPath(keyPath(nameOf(operation))); path !== undefined; path = parentPath(path)) {
      const key = folderKey(path);
      if (folders.has(key)) break;
      folders.add(key);
    }
  }
  return folders;
}

/** A rename leaves its old name. */
function leftName(operation: Operation): EntryKey {
  return operation.kind === 'rename-local' || operation.kind === 'rename-remote'
    ? operation.from.key
    : operation.key;
}

function order(operations: readonly Operation[]): PlannedOperation[] {
  const taken = takenNames(operations);
  const planned = operations.map((operation) => ({ step: stepOf(operation, taken), operation }));
  return planned.sort((a, b) => {
    const step = STEPS.indexOf(a.step) - STEPS.indexOf(b.step);
    if (step !== 0) return step;
    const keys = compareKeys(a.operation.key, b.operation.key);
    return a.step === 'remove-folder' || a.step === 'vacate-folder' ? -keys : keys;
  });
}

/** Names that appear on either side, and every folder above them: whatever else has such a name must go first. */
function takenNames(operations: readonly Operation[]): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const operation of operations) {
    if (stepByKind(operation) === 'delete' || stepByKind(operation) === 'remove-folder') continue;
    const path = keyPath(operation.key);
    taken.add(isFolderKey(operation.key) ? `${path}/` : path);
    for (
      let above = parentPath(path);
      above !== undefined && !taken.has(`${above}/`);
      above = parentPath(above)
    ) {
      taken.add(`${above}/`);
    }
  }
  return taken;
}

function stepOf(operation: Operation, taken: ReadonlySet<string>): Step {
  const step = stepByKind(operation);
  const path = keyPath(operation.key);
  // Whatever lies below a folder whose name becomes a file, and that folder itself.
  if (step === 'remove-folder') return isInWay(path, taken) ? 'vacate-folder' : step;
  if (step !== 'delete') return step;
  // Or a file whose name becomes a folder.
  return taken.has(`${path}/`) || isInWay(path, taken) ? 'vacate' : step;
}

function isInWay(path: RelPath, taken: ReadonlySet<string>): boolean {
  for (let at: RelPath | undefined = path; at !== undefined; at = parentPath(at)) {
    if (taken.has(at)) return true;
  }
  return false;
}

function stepByKind(operation: Operation): Step {
  switch (operation.kind) {
    case 'local-aside':
    case 'remote-aside':
      return 'vacate';
    case 'rename-local':
    case 'rename-remote':
      return 'rename';
    case 'delete-local':
    case 'delete-remote':
      return 'delete';
    case 'remove-local-folder':
    case 'remove-remote-folder':
      return 'remove-folder';
    case 'upload':
    case 'download':
    case 'mode-up':
    case 'mode-down':
    case 'keep-both':
    case 'merge':
    case 'make-local-folder':
    case 'make-remote-folder':
      return 'transfer';
    default:
      return assertNever(operation);
  }
}

function localFile(row: JoinedRow | undefined): LocalFile | undefined {
  return row?.local === undefined || row.local.kind === 'folder' ? undefined : row.local;
}
