import { InvalidArgumentError } from 'commander';
import { CONFLICT_POLICIES } from '../config/policies.ts';
import type { ConflictChoice } from '../engine/events.ts';
import type { Level } from '../report/line.ts';
import { UNSETTABLE, type Unsettable } from './target-flags.ts';

/** `--unset`, given any number of times. */
export function parseUnset(text: string, before: readonly Unsettable[] | undefined): readonly Unsettable[] {
  const known = UNSETTABLE.find((name) => name === text);
  if (known === undefined) throw new InvalidArgumentError(`Choices are ${UNSETTABLE.join(', ')}.`);
  return [...(before ?? []), known];
}

/** `--conflicts`: our words, and Python S4's `1`, `2` and `ignore`. */
export function parseConflicts(text: string): ConflictChoice {
  const known = CONFLICT_POLICIES.find((policy) => policy === text);
  if (known !== undefined) return known;
  switch (text) {
    case '1':
      return 'local';
    case '2':
      return 'remote';
    case 'ignore':
      return 'skip';
    default:
      throw new InvalidArgumentError(`Choices are ${CONFLICT_POLICIES.join(', ')} (or 1, 2, ignore).`);
  }
}

const MULTIPLIERS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `500K`, `2M`, `1.5MiB/s`: bytes a second, by powers of 1024. */
export function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?(?:\/s)?$/i.exec(text.trim());
  const rate = Number(match?.[1]) * (MULTIPLIERS[(match?.[2] ?? '').toLowerCase()] ?? Number.NaN);
  if (!Number.isFinite(rate) || rate < 1)
    throw new InvalidArgumentError('Write bytes a second, as 500K or 2M.');
  return Math.round(rate);
}

const UNIT_MS: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000 };

/** `3`, `0.5s`, `2m`, `1h`: in milliseconds, at least a tenth of a second and at most a day. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([smh]?)$/i.exec(text.trim());
  const ms = Number(match?.[1]) * (UNIT_MS[(match?.[2] ?? '').toLowerCase()] ?? Number.NaN);
  if (!(ms >= 100 && ms <= 86_400_000)) throw new InvalidArgumentError('Write seconds, or 2m or 1h.');
  return ms;
}

const LEVELS: Readonly<Record<string, Level>> = {
  debug: 'debug',
  info: 'info',
  warning: 'warning',
  warn: 'warning',
  error: 'error',
};

/** Python S4's names, in any case. */
export function parseLevel(text: string): Level {
  const level = LEVELS[text.toLowerCase()];
  if (level === undefined) throw new InvalidArgumentError('Choices are DEBUG, INFO, WARNING, ERROR.');
  return level;
}
