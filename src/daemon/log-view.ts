import { escapeForTerminal } from '../report/escape.ts';
import type { Level, Line, Tone } from '../report/line.ts';

/** Members that pino writes into every line, or that are shown elsewhere in it. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set([
  'level',
  'time',
  'pid',
  'hostname',
  'msg',
  'target',
  'v',
]);

/** A line of the log for people: time (UTC), level, target, message, the rest as `name=value`. Pure. */
export function logLine(json: string): Line {
  const record = parse(json);
  // What is no record is shown as it is: a crash may have written half of one, or something else wrote here.
  if (record === undefined) return { text: escapeForTerminal(json), tone: 'plain', level: 'error' };
  const level = levelOf(record['level']);
  const target = typeof record['target'] === 'string' ? `${record['target']}: ` : '';
  const message = typeof record['msg'] === 'string' ? record['msg'] : '';
  const rest = Object.entries(record)
    .filter(([name]) => !SHOWN_ELSEWHERE.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const text = [timeOf(record['time']), level.padEnd(7), `${target}${message}`, ...rest].join(' ').trimEnd();
  return { text: escapeForTerminal(text), tone: TONES[level], level: 'error' };
}

const TONES: Readonly<Record<Level, Tone>> = { error: 'error', warning: 'warn', info: 'plain', debug: 'dim' };

/** A line of the log for scripts: its members as they are; `text` where it is no record. */
export function logRecord(json: string): Readonly<Record<string, unknown>> {
  return parse(json) ?? { text: json };
}

function parse(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** pino's numbers, or words. */
function levelOf(level: unknown): Level {
  if (typeof level === 'string') return level === 'warn' ? 'warning' : isLevel(level) ? level : 'info';
  if (typeof level !== 'number') return 'info';
  if (level >= 50) return 'error';
  if (level >= 40) return 'warning';
  return level >= 30 ? 'info' : 'debug';
}

function isLevel(word: string): word is Level {
  return word in TONES;
}

function timeOf(time: unknown): string {
  const date = typeof time === 'number' || typeof time === 'string' ? new Date(time) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) return '-'.padEnd(19);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
