import { assertNever } from '../lib/assert-never.ts';
import type { JoinedRow } from './join.ts';
import { type Judged, type JudgedEntry, localFile, type Resolution } from './judged.ts';
import type { LocalFile, Operation, PlannedOperation } from './operations.ts';
import type { EntryKey, RelPath } from './path.ts';
import { resolveClashes } from './plan-clashes.ts';
import { emptiedFolders } from './plan-folders.ts';
import { orderOperations } from './plan-order.ts';
import type { Problem } from './problem.ts';
import type { Rename } from './renames.ts';
import { nameOfState } from './token.ts';

export interface PlanInput {
  readonly judged: readonly Judged[];
  /** Moves recognised by hash: `to` is a creation, `from` a deletion, both on the same side. */
  readonly remoteRenames: readonly Rename[];
  readonly localRenames: readonly Rename[];
  readonly resolutions: ReadonlyMap<EntryKey, Resolution>;
  /** A free name for the version that loses its own. */
  readonly copyPath: (row: JoinedRow) => RelPath;
  /** Remote files that may step aside though the store holds a folder of their name as well. */
  readonly ownClashes?: ReadonlySet<EntryKey>;
}

export interface Plan {
  /** In the order of steps, then keys: equal input gives the equal plan. */
  readonly operations: readonly PlannedOperation[];
  readonly problems: readonly Problem[];
}

/** Turns decisions into ordered operations. Pure and deterministic. */
export function makePlan(input: PlanInput): Plan {
  const clashes = resolveClashes(input.judged, input.copyPath, input.ownClashes ?? new Set());
  const moved = new Set<EntryKey>();
  const operations: Operation[] = [...clashes.operations];
  const byKey = new Map<EntryKey, JudgedEntry>();
  for (const judged of input.judged) if (judged.kind === 'entry') byKey.set(judged.row.key, judged);
  const renames = [
    ...input.remoteRenames.map((rename) => ({ rename, operation: remoteRename(rename, byKey) })),
    ...input.localRenames.map((rename) => ({ rename, operation: localRename(rename, byKey) })),
  ];
  for (const { rename, operation } of renames) {
    const { from, to } = rename;
    if (operation === undefined || clashes.settled.has(from) || clashes.settled.has(to)) continue;
    operations.push(operation);
    moved.add(from).add(to);
  }
  for (const judged of input.judged) {
    if (moved.has(judged.row.key) || clashes.settled.has(judged.row.key)) continue;
    const operation = judged.kind === 'entry' ? entryOperation(judged, input) : folderOperation(judged);
    if (operation !== undefined) operations.push(operation);
  }
  operations.push(...emptiedFolders(input.judged, operations));
  return { operations: orderOperations(operations), problems: clashes.problems };
}

function remoteRename({ from, to }: Rename, rows: ReadonlyMap<EntryKey, JudgedEntry>): Operation | undefined {
  const source = rows.get(from)?.row;
  const local = localFile(rows.get(to)?.row);
  if (source?.remote === undefined || source.base === undefined || local === undefined) return undefined;
  return { kind: 'rename-remote', key: to, local, from: source.remote, base: source.base };
}

function localRename({ from, to }: Rename, rows: ReadonlyMap<EntryKey, JudgedEntry>): Operation | undefined {
  const source = rows.get(from)?.row;
  const remote = rows.get(to)?.row.remote;
  const local = localFile(source);
  if (source?.base === undefined || local === undefined || remote === undefined) return undefined;
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
      return {
        kind: 'keep-both',
        key: row.key,
        local,
        remote: row.remote,
        copy: input.copyPath(row),
        ...(row.base !== undefined && { ancestor: nameOfState(row.base.remote) }),
      };
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
