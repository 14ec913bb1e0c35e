/** Text of a table cell, already free of control characters. */
export type Cell = string;

/** A plain table: a header, a rule, rows; columns two spaces apart. */
export function tableLines(
  headers: readonly string[],
  rows: readonly (readonly Cell[])[],
): readonly string[] {
  const widths = headers.map((header, i) =>
    rows.reduce((width, row) => Math.max(width, cellWidth(row[i] ?? '')), header.length),
  );
  const format = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - cellWidth(cell))))
      .join('  ')
      .trimEnd();
  return [format(headers), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(format)];
}

function cellWidth(cell: string): number {
  return [...cell].length;
}
