import type { Line, Tone } from '../report/line.ts';
import type { LineFit } from '../report/status-view.ts';
import { glyphsFor } from '../ui/text/glyphs.ts';
import { type Column, layoutTable, tableRow } from '../ui/text/table-layout.ts';
import { fitMiddle, wrapWords } from '../ui/text/width.ts';
import type { Context } from './context.ts';

/** A terminal that lines are fitted to. */
export interface Fit {
  readonly width: number;
  readonly ellipsis: string;
}

/** Undefined where lines stay whole: in pipes and files, with `--json` or `--quiet`, and where plain lines were wished for. */
export function fitOf({ terminal, env }: Pick<Context, 'terminal' | 'env'>): Fit | undefined {
  if (terminal === undefined) return undefined;
  return { width: terminal.stdout.columns || 80, ellipsis: glyphsFor(env).ellipsis };
}

/** Header and rows, none wider than the terminal: paths are cut in the middle, less important columns go. */
export function fittedTable(
  { width, ellipsis }: Fit,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly Line[] {
  const layout = layoutTable(columns, rows, width);
  const line = (cells: readonly string[], tone: Tone): Line => ({
    text: tableRow(columns, layout, cells, ellipsis)
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
    tone,
    level: 'error',
  });
  return [
    line(
      columns.map(({ header }) => header),
      'dim',
    ),
    ...rows.map((cells) => line(cells, 'plain')),
  ];
}

/** For lines that are paths, or sentences. */
export function lineFit(fit: Fit | undefined): LineFit | undefined {
  if (fit === undefined) return undefined;
  return {
    cut: (text) => fitMiddle(text, fit.width, fit.ellipsis),
    wrap: (text, hang) => wrapped(fit, text, hang),
  };
}

/** Over several lines; all but the first begin `hang` cells further right. */
export function wrapped({ width }: Fit, text: string, hang: number): readonly string[] {
  const indent = /^ */.exec(text)?.[0] ?? '';
  const [first = '', ...rest] = wrapWords(text.slice(indent.length), Math.max(20, width - hang));
  return [indent + first, ...rest.map((line) => ' '.repeat(hang) + line)];
}
