import type { ConflictView, OperationView, SyncEvent } from '../engine/events.ts';
import { assertNever } from '../lib/assert-never.ts';
import type { GuardTrip } from '../sync/guards.ts';
import type { Problem } from '../sync/problem.ts';
import { escapeForTerminal } from './escape.ts';
import type { Line, Tone } from './line.ts';
import { operationTone } from './wording.ts';

/** What a sync of one target would do, gathered from a preview's events. */
export interface StatusView {
  readonly target: string;
  readonly up: number;
  readonly down: number;
  readonly deleted: number;
  readonly conflicts: number;
  readonly problems: number;
  readonly operations: readonly OperationView[];
  readonly conflictViews: readonly ConflictView[];
  readonly problemViews: readonly Problem[];
  readonly guards: readonly GuardTrip[];
  /** Set when a guard would halt the sync. */
  readonly planId?: string;
}

export function emptyStatus(target: string): StatusView {
  return {
    target,
    up: 0,
    down: 0,
    deleted: 0,
    conflicts: 0,
    problems: 0,
    operations: [],
    conflictViews: [],
    problemViews: [],
    guards: [],
  };
}

/** Pure: a later plan of the same cycle replaces an earlier one. */
export function statusStep(view: StatusView, event: SyncEvent): StatusView {
  switch (event.kind) {
    case 'planned':
      return counted({ ...view, operations: event.operations, conflictViews: event.conflicts });
    case 'problem':
      return counted({ ...view, problemViews: [...view.problemViews, event.problem] });
    case 'guard-halted':
      return counted({
        ...view,
        guards: event.guards,
        planId: event.planId,
        operations: view.operations.length === 0 ? event.operations : view.operations,
      });
    default:
      return view;
  }
}

function counted(all: StatusView): StatusView {
  // How a conflict would end by policy is no work of its own: it is told as the conflict.
  const open = new Set(all.conflictViews.map(({ path }) => path));
  const view = { ...all, operations: all.operations.filter(({ path }) => !open.has(path)) };
  const isDelete = ({ kind }: OperationView): boolean => kind === 'delete' || kind === 'delete-folder';
  const kept = view.operations.filter((operation) => !isDelete(operation));
  return {
    ...view,
    up: kept.filter(({ direction }) => direction === 'up').length,
    down: kept.filter(({ direction }) => direction === 'down').length,
    deleted: view.operations.length - kept.length,
    conflicts: view.conflictViews.length,
    problems: view.problemViews.length,
  };
}

/** `in sync`, or `2 up, 1 deleted, 1 problem`. */
export function statusWords(view: StatusView): string {
  const parts: readonly (readonly [number, string])[] = [
    [view.up, `${view.up} up`],
    [view.down, `${view.down} down`],
    [view.deleted, `${view.deleted} deleted`],
    [view.conflicts, `${view.conflicts} ${view.conflicts === 1 ? 'conflict' : 'conflicts'}`],
    [view.problems, `${view.problems} ${view.problems === 1 ? 'problem' : 'problems'}`],
  ];
  const words = parts.filter(([n]) => n > 0).map(([, text]) => text);
  const halted = view.guards.length > 0 ? ['a guard would halt it'] : [];
  return words.length + halted.length === 0 ? 'in sync' : [...words, ...halted].join(', ');
}

/** How lines are made to fit a terminal: paths are cut, sentences go over several lines. */
export interface LineFit {
  cut(text: string): string;
  /** All lines but the first begin `hang` cells further right. */
  wrap(text: string, hang: number): readonly string[];
}

const WHOLE: LineFit = { cut: (text) => text, wrap: (text) => [text] };
const HANG = 16;

function errorLines(fit: LineFit, text: string): readonly Line[] {
  return fit.wrap(text, HANG).map((part) => line(part, 'error'));
}

/** The counts, then the paths: for people. */
export function statusLines(view: StatusView, fit: LineFit = WHOLE): readonly Line[] {
  const words = statusWords(view);
  const tone: Tone = words === 'in sync' ? 'good' : 'strong';
  return [
    line(`${escapeForTerminal(view.target)}: ${words}`, tone),
    ...view.operations.map((operation) =>
      line(fit.cut(`  ${pathWords(operation)}`), operationTone(operation)),
    ),
    ...view.conflictViews.map(({ path, local, remote }) =>
      line(
        fit.cut(`  conflict      ${escapeForTerminal(path)} (local ${local.state}, remote ${remote.state})`),
        'warn',
      ),
    ),
    ...view.problemViews.flatMap((problem) =>
      errorLines(
        fit,
        `  problem       ${escapeForTerminal(problem.path)}: ${escapeForTerminal(problem.message)}`,
      ),
    ),
    ...view.guards.flatMap((guard) => errorLines(fit, `  guard         ${escapeForTerminal(guard.message)}`)),
  ];
}

function pathWords(operation: OperationView): string {
  const path = escapeForTerminal(operation.path);
  const other = escapeForTerminal(operation.other ?? '');
  const verb = `${operation.direction.padEnd(4)}  ${operationWord(operation).padEnd(8)}`;
  switch (operation.kind) {
    case 'rename':
      return `${verb}${other} -> ${path}`;
    case 'keep-both':
      return `${verb}${path} (local one as ${other})`;
    default:
      return `${verb}${path}`;
  }
}

function operationWord(operation: OperationView): string {
  switch (operation.kind) {
    case 'create':
    case 'create-folder':
      return 'new';
    case 'update':
      return 'changed';
    case 'mode':
      return 'mode';
    case 'delete':
    case 'delete-folder':
      return 'deleted';
    case 'rename':
      return 'moved';
    case 'keep-both':
      return 'both';
    case 'merge':
      return 'merged';
    default:
      return assertNever(operation.kind);
  }
}

function line(text: string, tone: Tone): Line {
  return { text, tone, level: 'error' };
}
