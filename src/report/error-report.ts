import { isS4Error } from '../lib/errors.ts';
import { escapeForTerminal } from './escape.ts';
import { sentence } from './format.ts';
import type { Line } from './line.ts';

/** An error as people and scripts see it: one sentence, and what can be done. */
export interface ErrorReport {
  readonly kind: 'error';
  /** An S4ErrorCode, or BUG. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly target?: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
  /** Only with --debug. */
  readonly stack?: string;
}

export function errorReport(
  error: unknown,
  options: { readonly debug: boolean; readonly target?: string },
): ErrorReport {
  const target = options.target === undefined ? {} : { target: options.target };
  const stack = options.debug ? { stack: stackOf(error) } : {};
  if (isS4Error(error)) {
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    const data = Object.keys(error.data).length === 0 ? {} : { data: error.data };
    return { kind: 'error', code: error.code, message: error.message, ...hint, ...target, ...data, ...stack };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    kind: 'error',
    code: 'BUG',
    message: `This is a bug in s4: ${message}`,
    hint: options.debug
      ? 'Please report it with the lines below.'
      : 'Please report it; --debug shows where it happened.',
    ...target,
    ...stack,
  };
}

function stackOf(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error && parts.length < 5; at = at.cause)
    parts.push(at.stack ?? String(at));
  return parts.join('\nCaused by: ');
}

export function errorLines(report: ErrorReport): readonly Line[] {
  const where = report.target === undefined ? '' : `${escapeForTerminal(report.target)}: `;
  const first: Line = {
    text: `Error: ${where}${escapeForTerminal(sentence(report.message))}`,
    tone: 'error',
    level: 'error',
  };
  const hint: readonly Line[] =
    report.hint === undefined
      ? []
      : [{ text: `  ${escapeForTerminal(sentence(report.hint))}`, tone: 'plain', level: 'error' }];
  const stack = (report.stack ?? '').split('\n').filter((text) => text !== '');
  return [
    first,
    ...hint,
    ...stack.map((text): Line => ({ text: escapeForTerminal(text), tone: 'dim', level: 'error' })),
  ];
}
