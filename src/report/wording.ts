import type { ConflictChoice, ConflictView, CycleSummary, OperationView } from '../engine/events.ts';
import { assertNever } from '../lib/assert-never.ts';
import { escapeForTerminal } from './escape.ts';
import { count, formatBytes, formatDuration } from './format.ts';
import type { Tone } from './line.ts';

/** The two sides of a target, as Python S4 printed them: with a slash at the end. */
export interface Sides {
  readonly local: string;
  readonly remote: string;
}

export function sidesOf(local: string, remote: string): Sides {
  return { local: slashed(local), remote: slashed(remote) };
}

function slashed(place: string): string {
  const safe = escapeForTerminal(place);
  return safe.endsWith('/') ? safe : `${safe}/`;
}

export function syncingLine(name: string, sides: Sides): string {
  return `Syncing ${escapeForTerminal(name)} [${sides.local} <=> ${sides.remote}]`;
}

/** What an operation is about to do, in the words of Python S4 where it had them. */
export function operationLine(operation: OperationView, sides: Sides): string {
  const path = escapeForTerminal(operation.path);
  const other = escapeForTerminal(operation.other ?? '');
  const up = operation.direction === 'up';
  const way = up ? `(${sides.local} => ${sides.remote})` : `(${sides.remote} => ${sides.local})`;
  const on = up ? sides.remote : sides.local;
  switch (operation.kind) {
    case 'create':
      return `Creating ${path} ${way}`;
    case 'update':
      return `Updating ${path} ${way}`;
    case 'delete':
      return `Deleting ${path} on ${on}`;
    case 'rename':
      return `Renaming ${other} to ${path} on ${on}`;
    case 'mode':
      return `Updating mode of ${path} ${way}`;
    case 'keep-both':
      return `Keeping both versions of ${path} (the local one as ${other})`;
    case 'merge':
      return `Merging ${path} (${sides.local} <=> ${sides.remote})`;
    case 'create-folder':
      return `Creating ${folderName(path)} ${way}`;
    case 'delete-folder':
      return `Deleting ${folderName(path)} on ${on}`;
    default:
      return assertNever(operation.kind);
  }
}

function folderName(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

export function operationTone(operation: OperationView): Tone {
  switch (operation.kind) {
    case 'create':
    case 'create-folder':
      return 'create';
    case 'update':
    case 'rename':
    case 'mode':
    case 'merge':
      return 'update';
    case 'delete':
    case 'delete-folder':
      return 'delete';
    case 'keep-both':
      return 'warn';
    default:
      return assertNever(operation.kind);
  }
}

export function conflictLine(conflict: ConflictView): string {
  return `Conflict for "${escapeForTerminal(conflict.path)}" (local ${conflict.local.state}, remote ${conflict.remote.state})`;
}

export function choiceWords(choice: ConflictChoice): string {
  switch (choice) {
    case 'local':
      return 'the local version is kept';
    case 'remote':
      return 'the remote version is kept';
    case 'both':
      return 'both are kept';
    case 'newer':
      return 'the newer one is kept';
    case 'merge':
      return 'they are merged';
    case 'skip':
      return 'skipped';
    default:
      return assertNever(choice);
  }
}

/** True when a run changed nothing and has nothing to say. */
export function isQuiet(summary: CycleSummary): boolean {
  return summaryParts(summary).length === 0;
}

export function summaryLine(name: string, summary: CycleSummary): string {
  const parts = summaryParts(summary);
  const what = parts.length === 0 ? 'in sync' : parts.join(', ');
  return `${escapeForTerminal(name)}: ${what}, in ${formatDuration(summary.elapsedMs)}`;
}

function summaryParts(summary: CycleSummary): readonly string[] {
  const deleted = summary.deletedLocal + summary.deletedRemote;
  const parts: readonly (readonly [number, string])[] = [
    [summary.uploaded, `${summary.uploaded} up (${formatBytes(summary.bytesUp)})`],
    [summary.downloaded, `${summary.downloaded} down (${formatBytes(summary.bytesDown)})`],
    [deleted, `${deleted} deleted`],
    [summary.renamed, `${summary.renamed} renamed`],
    [summary.keptBoth, `${summary.keptBoth} kept twice`],
    [summary.conflicts, count(summary.conflicts, 'conflict')],
    [summary.problems, count(summary.problems, 'problem')],
  ];
  return parts.filter(([n]) => n > 0).map(([, text]) => text);
}
