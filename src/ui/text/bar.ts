import type { Glyphs } from './glyphs.ts';

/** A bar of exactly `width` cells. @param fraction - of the whole; outside 0..1 it is cut */
export function barText(
  fraction: number,
  width: number,
  glyphs: Glyphs,
): { readonly full: string; readonly empty: string } {
  const part = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0;
  const steps = glyphs.barParts.length + 1;
  const eighths = Math.floor(part * width * steps + 1e-9);
  const whole = Math.floor(eighths / steps);
  const rest = eighths % steps;
  const full = glyphs.barFull.repeat(whole) + (rest === 0 ? '' : (glyphs.barParts[rest - 1] ?? ''));
  return { full, empty: glyphs.barEmpty.repeat(Math.max(0, width - whole - (rest === 0 ? 0 : 1))) };
}

/** The last `width` values as columns of one line, scaled to the largest of them. */
export function sparklineText(values: readonly number[], width: number, glyphs: Glyphs): string {
  const shown = values.slice(-width);
  const most = shown.reduce((max, value) => Math.max(max, value), 0);
  const levels = glyphs.spark.length - 1;
  return shown
    .map((value) => glyphs.spark[most === 0 ? 0 : Math.ceil((Math.max(0, value) / most) * levels)] ?? '')
    .join('');
}
