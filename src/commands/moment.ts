import { InvalidArgumentError } from 'commander';

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/**
 * `--at`: a time as s4 shows it (`2026-11-21 05:00`, UTC), any ISO 8601 time, or how long ago: `90min`, `2h`, `3d`, `1w`.
 *
 * @returns ms since the epoch
 */
export function parseMoment(text: string, nowMs: number): number {
  const ago = /^(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)(?:\s*ago)?$/.exec(text.trim());
  if (ago !== null) return Math.floor(nowMs - Number(ago[1]) * (UNITS_MS[ago[2] ?? ''] ?? 0));
  const shown = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?$/.exec(text.trim());
  const atMs = shown === null ? isoTime(text) : Date.parse(`${shown[1]}T${shown[2] ?? '00:00'}Z`);
  if (!Number.isNaN(atMs)) return atMs;
  throw new InvalidArgumentError('Write a time (UTC) as 2026-11-21 05:00, or how long ago: 2h, 3d, 1w.');
}

function isoTime(text: string): number {
  return /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/.test(text.trim())
    ? Date.parse(text.trim())
    : Number.NaN;
}
