import { escapeForTerminal } from '../report/escape.ts';
import { formatDuration, sentence } from '../report/format.ts';
import type { Line, Tone } from '../report/line.ts';
import { tableLines } from '../report/table.ts';
import type { DaemonStatus, TargetPhase, TargetStatus } from './contract.ts';
import { dollarsPerMonth } from './price.ts';

const DAY_MS = 24 * 3_600_000;

interface Column {
  readonly header: string;
  readonly cell: (target: TargetStatus) => string;
  /** The highest goes first where the width is short; 0 stays. */
  readonly spare: number;
}

/** The daemon and its targets as a table no wider than `columns`, then what is wrong with each. Pure. */
export function daemonStatusLines(
  status: DaemonStatus,
  screen: { readonly columns: number; readonly nowMs: number },
): readonly Line[] {
  const upMs = screen.nowMs - status.startedMs;
  const head = `Daemon: process ${status.pid}, s4 ${escapeForTerminal(status.version)}, up ${span(upMs)}`;
  if (status.targets.length === 0) return [line(head), line('It keeps no target.', 'dim')];
  const [header = '', rule = '', ...rows] = fittingTable(status, { ...screen, upMs });
  return [
    line(head),
    line(header),
    line(rule),
    ...rows.map((row, i) => line(row, toneOf(status.targets[i]?.phase ?? 'idle'))),
    ...status.targets.flatMap((target) => troubleLines(target, screen.nowMs)),
  ];
}

function fittingTable(
  { targets }: DaemonStatus,
  { columns, nowMs, upMs }: { readonly columns: number; readonly nowMs: number; readonly upMs: number },
): readonly string[] {
  const all: readonly Column[] = [
    { header: 'target', cell: ({ name }) => escapeForTerminal(name), spare: 0 },
    { header: 'state', cell: ({ phase }) => phase, spare: 0 },
    { header: 'for', cell: ({ sinceMs }) => span(nowMs - sinceMs), spare: 6 },
    {
      header: 'last sync',
      cell: ({ lastSyncMs }) => (lastSyncMs === undefined ? 'never' : `${span(nowMs - lastSyncMs)} ago`),
      spare: 2,
    },
    { header: 'pending', cell: ({ pending }) => (pending < 0 ? 'all' : String(pending)), spare: 3 },
    { header: 'conflicts', cell: ({ conflicts }) => String(conflicts), spare: 1 },
    { header: 'problems', cell: ({ problems }) => String(problems), spare: 1 },
    { header: 'watching', cell: ({ watching }) => watching, spare: 7 },
    { header: 'requests', cell: (target) => String(requestsOf(target)), spare: 5 },
    { header: '$/month', cell: (target) => dollars(dollarsPerMonth(target, upMs)), spare: 4 },
  ];
  for (let most = 7; most > 0; most--) {
    const shown = all.filter(({ spare }) => spare <= most);
    const lines = tableOf(shown, targets);
    if (lines.every((text) => [...text].length <= columns)) return lines;
  }
  // Even two columns may be too wide: a terminal wraps them, and nothing is lost.
  return tableOf(
    all.filter(({ spare }) => spare === 0),
    targets,
  );
}

function tableOf(shown: readonly Column[], targets: readonly TargetStatus[]): readonly string[] {
  return tableLines(
    shown.map(({ header }) => header),
    targets.map((target) => shown.map(({ cell }) => cell(target))),
  );
}

function requestsOf({ requests }: TargetStatus): number {
  return Object.values(requests).reduce((sum, n) => sum + n, 0);
}

function dollars(amount: number | undefined): string {
  if (amount === undefined) return '-';
  return amount < 0.01 ? '<0.01' : amount.toFixed(2);
}

function troubleLines(target: TargetStatus, nowMs: number): readonly Line[] {
  const name = escapeForTerminal(target.name);
  const lines: Line[] = [];
  if (target.error !== undefined) {
    lines.push(
      line(
        `${name}: ${escapeForTerminal(sentence(target.error.message))}${nextTry(target.nextTryMs, nowMs)}`,
        'error',
      ),
      ...(target.error.hint === undefined
        ? []
        : [line(`  ${escapeForTerminal(sentence(target.error.hint))}`)]),
    );
  } else if (target.problems > 0) {
    const have = target.problems === 1 ? '1 path has a problem' : `${target.problems} paths have problems`;
    const next = nextTry(target.retryMs, nowMs);
    lines.push(line(`${name}: ${have}; "s4 sync ${name}" tries them now and says why.${next}`, 'warn'));
  }
  if (target.planId !== undefined)
    lines.push(
      line(
        `${name}: a guard halted a plan. To see it: s4 status ${name}; to carry it out: ` +
          `s4 sync ${name} --approve ${escapeForTerminal(target.planId)}`,
        'warn',
      ),
    );
  if (target.watching === 'walking')
    lines.push(line(`${name}: changes are found by walking the folder: no events are to be had.`, 'warn'));
  return lines;
}

function nextTry(atMs: number | undefined, nowMs: number): string {
  return atMs === undefined ? '' : ` (next try in ${span(Math.max(0, atMs - nowMs))})`;
}

/** Under `s4 status` of a target that the daemon keeps. */
export function keptLines(target: TargetStatus, nowMs: number): readonly Line[] {
  const { phase, lastSyncMs } = target;
  const last = lastSyncMs === undefined ? '' : `, last sync ${span(nowMs - lastSyncMs)} ago`;
  return [line(`  daemon        ${phase}${last}`, 'dim')];
}

function toneOf(phase: TargetPhase): Tone {
  switch (phase) {
    case 'idle':
      return 'good';
    case 'dirty':
    case 'syncing':
      return 'plain';
    case 'paused':
      return 'dim';
    case 'backoff':
    case 'offline':
      return 'warn';
    case 'halted':
      return 'error';
  }
}

function span(ms: number): string {
  if (ms < 60_000) return `${Math.max(0, Math.round(ms / 1000))} s`;
  return ms < 2 * DAY_MS ? formatDuration(ms) : `${Math.floor(ms / DAY_MS)} d`;
}

/** Asked for: not silenced by `--quiet`. */
function line(text: string, tone: Tone = 'plain'): Line {
  return { text, tone, level: 'error' };
}
