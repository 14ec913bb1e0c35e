import { CONTEXT_LINES, diffLines, type Edit, hunkEnd, splitLines } from '../../report/unified-diff.ts';

/** A stretch of a line; `changed` ones are what the other side does not have. */
export interface DiffPart {
  readonly text: string;
  readonly changed: boolean;
}

export type DiffRow =
  | { readonly kind: 'hunk'; readonly text: string }
  | {
      readonly kind: 'line';
      readonly sign: ' ' | '-' | '+';
      /** Whose line it is: `base`, `local`, `remote`; empty where that is clear. */
      readonly label: string;
      readonly parts: readonly DiffPart[];
    };

/** How texts differ, in hunks with context, words marked. Empty when they are equal. */
export function diffRows(before: string, after: string): readonly DiffRow[] {
  const edits = diffLines(splitLines(before), splitLines(after));
  const rows: DiffRow[] = [];
  let line = 1;
  for (let i = 0; i < edits.length; ) {
    const first = edits.findIndex((edit, n) => n >= i && edit.kind !== 'same');
    if (first < 0) break;
    const start = Math.max(i, first - CONTEXT_LINES);
    const end = hunkEnd(edits, first);
    line += oldLines(edits.slice(i, start));
    rows.push({ kind: 'hunk', text: `line ${line}` }, ...hunkRows(edits.slice(start, end)));
    line += oldLines(edits.slice(start, end));
    i = end;
  }
  return rows;
}

function oldLines(edits: readonly Edit[]): number {
  return edits.filter(({ kind }) => kind !== 'added').length;
}

function hunkRows(edits: readonly Edit[]): readonly DiffRow[] {
  const rows: DiffRow[] = [];
  for (let i = 0; i < edits.length; ) {
    const edit = edits[i];
    if (edit === undefined || edit.kind === 'same') {
      rows.push(lineRow(' ', '', [{ text: withoutEnd(edit?.text ?? ''), changed: false }]));
      i++;
      continue;
    }
    let end = i;
    while (end < edits.length && edits[end]?.kind !== 'same') end++;
    const run = edits.slice(i, end);
    const removed = run.filter(({ kind }) => kind === 'removed').map(({ text }) => text);
    const added = run.filter(({ kind }) => kind === 'added').map(({ text }) => text);
    rows.push(...replacedRows(removed, added));
    i = end;
  }
  return rows;
}

/** Lines that became others: paired in order, so that the words that changed can be told. */
function replacedRows(removed: readonly string[], added: readonly string[]): readonly DiffRow[] {
  const pairs = removed.map((text, i) => wordParts(text, added[i]));
  const back = added.map((text, i) => wordParts(text, removed[i]));
  return [...pairs.map((parts) => lineRow('-', '', parts)), ...back.map((parts) => lineRow('+', '', parts))];
}

export function lineRow(sign: ' ' | '-' | '+', label: string, parts: readonly DiffPart[]): DiffRow {
  return { kind: 'line', sign, label, parts };
}

// A line this long is data: its words are not compared.
const MAX_WORDS_CHARS = 2_000;

/** A line in parts: what `other` has too, and what only this one has. Without another line it is one part. */
export function wordParts(text: string, other: string | undefined): readonly DiffPart[] {
  const shown = withoutEnd(text);
  if (other === undefined || text.length > MAX_WORDS_CHARS || other.length > MAX_WORDS_CHARS)
    return [{ text: shown, changed: false }];
  const parts: DiffPart[] = [];
  for (const { kind, text: word } of diffLines(words(withoutEnd(other)), words(shown))) {
    if (kind === 'removed') continue;
    const changed = kind === 'added';
    const last = parts.at(-1);
    if (last?.changed === changed) parts[parts.length - 1] = { text: last.text + word, changed };
    else parts.push({ text: word, changed });
  }
  // Nothing in common: marking every word says no more than marking none.
  return parts.some(({ changed, text: part }) => !changed && part.trim() !== '')
    ? parts
    : [{ text: shown, changed: false }];
}

function words(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|./gsu) ?? [];
}

function withoutEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
