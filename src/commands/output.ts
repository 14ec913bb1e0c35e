import type { Emit, SyncEvent } from '../engine/events.ts';
import { type ErrorReport, errorLines } from '../report/error-report.ts';
import { escapeForTerminal, jsonLine } from '../report/escape.ts';
import { isShown, type Level, type Line, paint, type Tone } from '../report/line.ts';
import { PLAIN_START, type PlainStep, plainEnd, plainStep } from '../report/plain.ts';
import { PROGRESS_START, progressStep, progressText } from '../report/progress.ts';

/** A stream that text goes to. */
export interface Sink {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly json: boolean;
  readonly colours: boolean;
  /** The terminal's background is light. */
  readonly isLight?: boolean;
  /** Nothing is rewritten in place: a screen reader would read it again and again. */
  readonly isStill?: boolean;
  readonly level: Level;
  readonly timestamps: boolean;
  readonly nowMs: () => number;
  /** The last filter of everything. */
  readonly redact: () => (text: string) => string;
}

/** Everything that s4 says goes through here: escaped, redacted, levelled. With `--json`, only `record` and events. */
export interface Output {
  readonly json: boolean;
  /** How wide a table may be. */
  readonly columns: number;
  /** Plain lines; nothing with `--json`. */
  say(text: string, options?: { readonly tone?: Tone; readonly level?: Level }): void;
  lines(lines: readonly Line[]): void;
  /** A result that was asked for: not silenced by `--quiet`. */
  result(text: string): void;
  /** One line of JSON; nothing without `--json`. */
  record(value: { readonly kind: string; readonly [member: string]: unknown }): void;
  /** Presents a cycle. */
  readonly emit: Emit;
  /** Tells what is untold of a target whose cycle ended early. */
  endTarget(target: string): void;
  error(report: ErrorReport): void;
  /**
   * From now on lines go there, and no progress is shown: a screen has the terminal, and shows it itself. Undefined: as
   * before.
   */
  divert(to: ((text: string) => void) | undefined): void;
  /** Text of a dialogue: to stderr, so that results stay apart. */
  readonly prompt: (text: string) => void;
  /** A line of it, in colours where that may be. */
  readonly promptPaint: (line: Line) => string;
}

export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, json } = options;
  const progress = createProgress(options);
  let plain = PLAIN_START;
  let diverted: ((text: string) => void) | undefined;

  const print = (sink: Sink, line: Line): void => {
    const stamp = options.timestamps ? `${new Date(options.nowMs()).toISOString()} ` : '';
    const painted = paint(
      { ...line, text: options.redact()(line.text) },
      options.colours && sink.isTTY,
      options.isLight,
    );
    // What is no terminal (an stderr in a file) is in nobody's way.
    if (diverted !== undefined && sink.isTTY) {
      diverted(`${stamp}${painted}\n`);
      return;
    }
    progress.clear();
    sink.write(`${stamp}${painted}\n`);
  };
  const lines = (all: readonly Line[]): void => {
    if (json) return;
    for (const line of all) if (isShown(line.level, options.level)) print(stdout, line);
  };
  const take = (step: PlainStep): void => {
    plain = step.state;
    lines(step.lines);
  };
  const record = (value: object): void => {
    if (!json) return;
    const stamped = options.timestamps ? { time: new Date(options.nowMs()).toISOString(), ...value } : value;
    stdout.write(`${options.redact()(jsonLine(stamped))}\n`);
  };
  return {
    json,
    get columns() {
      return stdout.columns;
    },
    say: (text, { tone = 'plain', level = 'info' } = {}) =>
      lines([{ text: escapeForTerminal(text), tone, level }]),
    lines,
    result: (text) => lines([{ text: escapeForTerminal(text), tone: 'plain', level: 'error' }]),
    record,
    emit: (event: SyncEvent) => {
      record(event);
      if (!json) take(plainStep(plain, event));
      if (diverted === undefined) progress.show(event);
    },
    endTarget: (target) => {
      progress.clear();
      if (!json) take(plainEnd(plain, target));
    },
    prompt: (text) => {
      progress.clear();
      stderr.write(options.redact()(text));
    },
    divert: (to) => {
      progress.clear();
      diverted = to;
    },
    promptPaint: (line) => paint(line, options.colours && stderr.isTTY, options.isLight),
    error: (report) => {
      if (json) record(report);
      else for (const line of errorLines(report)) print(stderr, line);
    },
  };
}

interface Progress {
  show(event: SyncEvent): void;
  clear(): void;
}

const FRAME_MS = 100;

/** One line on stderr, rewritten in place; nothing at all when it is not a terminal. */
function createProgress({ stderr, json, level, nowMs, isStill }: OutputOptions): Progress {
  if (json || isStill === true || !stderr.isTTY || !isShown('info', level))
    return { show: () => {}, clear: () => {} };
  let state = PROGRESS_START;
  let visible = false;
  let shownAtMs = 0;
  const clear = (): void => {
    if (visible) stderr.write('\r\u001b[K');
    visible = false;
  };
  return {
    clear,
    show: (event) => {
      state = progressStep(state, event);
      const text = progressText(state, stderr.columns);
      if (text === undefined) return clear();
      if (event.kind === 'operation-progress' && nowMs() - shownAtMs < FRAME_MS) return;
      shownAtMs = nowMs();
      stderr.write(`\r\u001b[K${text}`);
      visible = true;
    },
  };
}
