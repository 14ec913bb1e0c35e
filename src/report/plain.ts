import type { CycleSummary, OperationView, SyncEvent } from '../engine/events.ts';
import { assertNever } from '../lib/assert-never.ts';
import type { GuardTrip } from '../sync/guards.ts';
import type { Problem } from '../sync/problem.ts';
import { escapeForTerminal } from './escape.ts';
import { count, formatBytes } from './format.ts';
import type { Level, Line, Tone } from './line.ts';
import {
  choiceWords,
  conflictLine,
  isQuiet,
  operationLine,
  operationTone,
  type Sides,
  sidesOf,
  summaryLine,
  syncingLine,
} from './wording.ts';

type Notice = Extract<SyncEvent, { readonly kind: 'notice' }>;

/** What the plain presenter remembers of one target between its events. */
interface TargetState {
  readonly sides: Sides;
  readonly dryRun: boolean;
  /** Operations and conflicts that were planned. */
  readonly planned: number;
  readonly flushed: boolean;
  readonly problems: readonly Problem[];
  readonly notices: readonly Notice[];
}

export interface PlainState {
  readonly targets: ReadonlyMap<string, TargetState>;
}

export interface PlainStep {
  readonly state: PlainState;
  readonly lines: readonly Line[];
}

export const PLAIN_START: PlainState = { targets: new Map() };

const NOTHING: TargetState = {
  sides: { local: '', remote: '' },
  dryRun: false,
  planned: 0,
  flushed: false,
  problems: [],
  notices: [],
};
const NOTICES_SHOWN = 10;
/** Of a halted plan: a mistyped path may mean a hundred thousand. */
const OPERATIONS_SHOWN = 50;

/** Plain lines in the words of Python S4. Pure: the state goes in and comes out. */
export function plainStep(state: PlainState, event: SyncEvent): PlainStep {
  const own = state.targets.get(event.target) ?? NOTHING;
  const keep = (next: TargetState, lines: readonly Line[] = []): PlainStep => ({
    state: { targets: new Map(state.targets).set(event.target, next) },
    lines,
  });
  switch (event.kind) {
    case 'cycle-started': {
      const sides = sidesOf(event.local, event.remote);
      return keep({ ...NOTHING, sides, dryRun: event.dryRun }, [line(syncingLine(event.target, sides))]);
    }
    case 'notice':
      // What concerns one path waits for the end; what concerns the target explains what follows.
      if (event.path !== undefined) return keep({ ...own, notices: [...own.notices, event] });
      return { state, lines: [noticeLine(event)] };
    case 'planned':
      return keep(
        { ...own, planned: own.planned + event.operations.length + event.conflicts.length },
        plannedLines(event, own),
      );
    case 'index-flushed':
      // Told with the summary: where nothing else happened, refreshed evidence is no news.
      return keep({ ...own, flushed: true });
    case 'problem':
      return keep({ ...own, problems: [...own.problems, event.problem] });
    case 'cycle-finished':
      return keep({ ...NOTHING, sides: own.sides }, [
        ...finishedLines(event.target, event.summary, own),
        ...troubleLines(own),
      ]);
    default:
      return { state, lines: linesOf(event, own.sides) };
  }
}

/** What is still untold when a target ends without `cycle-finished` (halted, failed, interrupted). */
export function plainEnd(state: PlainState, target: string): PlainStep {
  const own = state.targets.get(target) ?? NOTHING;
  const targets = new Map(state.targets);
  targets.delete(target);
  return { state: { targets }, lines: troubleLines(own) };
}

type Stateless = Exclude<
  SyncEvent,
  { readonly kind: 'cycle-started' | 'notice' | 'planned' | 'index-flushed' | 'problem' | 'cycle-finished' }
>;

function linesOf(event: Stateless, sides: Sides): readonly Line[] {
  switch (event.kind) {
    case 'scanned':
      return [line(`${capital(event.side)}: ${count(event.entries, 'entry', 'entries')}`, 'dim', 'debug')];
    case 'operation-started':
      return [line(operationLine(event.operation, sides), operationTone(event.operation))];
    case 'operation-progress':
      return [];
    case 'operation-finished':
      return finishedOperation(event.operation, event.outcome);
    case 'conflict':
      return [
        event.choice === 'skip'
          ? line(`Ignoring sync conflict for ${escapeForTerminal(event.conflict.path)}`, 'warn', 'warning')
          : line(`${conflictLine(event.conflict)}: ${choiceWords(event.choice)}`, 'warn', 'warning'),
      ];
    case 'guard-halted':
      return haltedLines(event.target, event.planId, event.guards, event.operations, sides);
    default:
      return assertNever(event);
  }
}

/** A dry run shows the operations in the order they would be done; otherwise each is told when it starts. */
function plannedLines(
  event: Extract<SyncEvent, { readonly kind: 'planned' }>,
  { sides, dryRun }: TargetState,
): readonly Line[] {
  const head = line(
    `Plan ${event.planId}: ${count(event.operations.length, 'operation')}, ` +
      `${formatBytes(event.bytesUp)} up, ${formatBytes(event.bytesDown)} down`,
    'dim',
    'debug',
  );
  if (!dryRun) return [head];
  return [
    head,
    ...event.operations.map((operation) => line(operationLine(operation, sides), operationTone(operation))),
    ...event.conflicts.map((conflict) => line(conflictLine(conflict), 'warn', 'warning')),
  ];
}

function finishedOperation(
  operation: OperationView,
  outcome: 'done' | 'failed' | 'postponed',
): readonly Line[] {
  const path = escapeForTerminal(operation.path);
  switch (outcome) {
    case 'done':
      return [];
    case 'failed':
      return [line(`Failed: ${path}`, 'error', 'warning')];
    case 'postponed':
      return [line(`Postponed: ${path} changed in the meantime`, 'warn', 'info')];
    default:
      return assertNever(outcome);
  }
}

function finishedLines(name: string, summary: CycleSummary, own: TargetState): readonly Line[] {
  const requests = Object.entries(summary.requests)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, n]) => `${n} ${kind}`);
  const cost = requests.length === 0 ? [] : [line(`Requests: ${requests.join(', ')}`, 'dim', 'debug')];
  if (own.dryRun && own.planned > 0) return [line('Dry run: nothing was changed'), ...cost];
  if (own.dryRun || isQuiet(summary)) return [line('Nothing to update'), ...cost];
  const good = summary.problems === 0 && summary.conflicts === 0;
  const flushed = own.flushed ? [line('Flushing Index to Storage')] : [];
  return [...flushed, line(summaryLine(name, summary), good ? 'good' : 'warn'), ...cost];
}

function troubleLines({ problems, notices }: TargetState): readonly Line[] {
  const lines = problems.flatMap((problem) => problemLines(problem));
  const head =
    problems.length === 0 ? [] : [line(`${count(problems.length, 'problem')}:`, 'error', 'warning')];
  return [...head, ...lines, ...noticeLines(notices)];
}

function problemLines(problem: Problem): readonly Line[] {
  const where = problem.side === 'local' ? '' : ' (in the store)';
  const first = `  ${escapeForTerminal(problem.path)}${where}: ${escapeForTerminal(problem.message)}`;
  const hint = problem.hint === undefined ? [] : [hintLine(problem.hint)];
  return [line(first, 'error', 'warning'), ...hint];
}

function hintLine(hint: string): Line {
  return line(`    ${escapeForTerminal(hint)}`, 'dim', 'warning');
}

function noticeLines(notices: readonly Notice[]): readonly Line[] {
  const rest = notices.length - NOTICES_SHOWN;
  return notices
    .map((notice, i) => ({ ...noticeLine(notice), level: i < NOTICES_SHOWN ? 'info' : 'debug' }) as const)
    .concat(
      rest > 0
        ? [{ ...line(`Note: ${count(rest, 'more note')} like these (--verbose shows them)`), level: 'info' }]
        : [],
    );
}

function noticeLine(notice: Notice): Line {
  const path = notice.path === undefined ? '' : `${escapeForTerminal(notice.path)}: `;
  return line(`Note: ${path}${escapeForTerminal(notice.message)}`, 'warn');
}

function haltedLines(
  name: string,
  planId: string,
  guards: readonly GuardTrip[],
  operations: readonly OperationView[],
  sides: Sides,
): readonly Line[] {
  const isCut = operations.length > OPERATIONS_SHOWN;
  return [
    line(`Halted: nothing was changed in ${escapeForTerminal(name)}`, 'error', 'error'),
    ...guards.map((guard) => line(`  ${escapeForTerminal(guard.message)}`, 'error', 'error')),
    ...operations.map((operation, i) =>
      line(
        `  ${operationLine(operation, sides)}`,
        operationTone(operation),
        i < OPERATIONS_SHOWN ? 'warning' : 'debug',
      ),
    ),
    ...(isCut
      ? [
          line(
            `  (the first ${OPERATIONS_SHOWN} of ${operations.length}; --verbose shows all)`,
            'dim',
            'warning',
          ),
        ]
      : []),
    line(`If this is what you want: s4 sync ${shellWord(name)} --approve ${planId}`, 'strong', 'error'),
  ];
}

function shellWord(name: string): string {
  const safe = escapeForTerminal(name);
  return /^[\w.-]+$/.test(safe) ? safe : `'${safe}'`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function line(text: string, tone: Tone = 'plain', level: Level = 'info'): Line {
  return { text, tone, level };
}
