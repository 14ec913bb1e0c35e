import { escapeForTerminal } from '../../report/escape.ts';
import { cellWidth, fitEnd, fitMiddle, padEnd, padStart } from './width.ts';

export interface Column {
  readonly header: string;
  readonly align?: 'left' | 'right';
  /** How it gets narrower: not at all, or cut at the end or in the middle (paths). */
  readonly cut?: 'never' | 'end' | 'middle';
  /** Optional columns go before this one is cut below so many cells. */
  readonly least?: number;
  /** It goes away first where there is no room: the highest number first. Without: it stays. */
  readonly optional?: number;
}

export interface TableLayout {
  /** Index of each shown column, and its cells. */
  readonly shown: readonly { readonly column: number; readonly width: number }[];
}

const GAP = 2;
const MIN_CUT_WIDTH = 8;

/** Which columns are shown, and how wide, so that a row takes at most `width` cells. */
export function layoutTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): TableLayout {
  let shown = columns.map((column, i) => ({
    column: i,
    cut: column.cut ?? 'never',
    optional: column.optional ?? 0,
    least: column.least ?? MIN_CUT_WIDTH,
    width: rows.reduce(
      (most, row) => Math.max(most, cellWidth(escapeForTerminal(row[i] ?? ''))),
      cellWidth(column.header),
    ),
  }));
  const least = (): number =>
    shown.reduce((sum, c) => sum + (c.cut === 'never' ? c.width : Math.min(c.width, c.least)), 0) +
    GAP * (shown.length - 1);
  while (least() > width) {
    const first = shown.reduce((most, c) => Math.max(most, c.optional), 0);
    if (first === 0) break;
    shown = shown.filter((c) => c.optional !== first);
  }
  let excess = shown.reduce((sum, c) => sum + c.width, 0) + GAP * (shown.length - 1) - width;
  while (excess > 0) {
    const widest = shown
      .filter((c) => c.cut !== 'never' && c.width > MIN_CUT_WIDTH)
      .reduce<(typeof shown)[number] | undefined>(
        (a, b) => (a === undefined || b.width > a.width ? b : a),
        undefined,
      );
    if (widest === undefined) break;
    widest.width--;
    excess--;
  }
  return { shown: shown.map(({ column, width: cells }) => ({ column, width: cells })) };
}

/** One row, as texts with their padding; the last one has none. */
export function tableRow(
  columns: readonly Column[],
  { shown }: TableLayout,
  cells: readonly string[],
  ellipsis: string,
): readonly { readonly column: number; readonly text: string }[] {
  return shown.map(({ column, width }, i) => {
    const { align, cut } = columns[column] ?? {};
    const text = cells[column] ?? '';
    const cutText = cut === 'middle' ? fitMiddle(text, width, ellipsis) : fitEnd(text, width, ellipsis);
    const isLast = i === shown.length - 1;
    const padded = align === 'right' ? padStart(cutText, width) : isLast ? cutText : padEnd(cutText, width);
    return { column, text: padded + (isLast ? '' : ' '.repeat(GAP)) };
  });
}
