/** One step from the old lines (or words) to the new ones. */
export interface Edit {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Beyond this many changed lines the middle is shown as replaced: the exact diff would cost its square. */
const MAX_CHANGES = 1_000;
export const CONTEXT_LINES = 3;

/**
 * A unified diff, as `diff -u` writes it; empty when the texts are equal. Line ends count: a last line without one is
 * marked.
 */
export function unifiedDiff(
  before: { readonly label: string; readonly text: string },
  after: { readonly label: string; readonly text: string },
): readonly string[] {
  const edits = diffLines(splitLines(before.text), splitLines(after.text));
  const hunks = hunksOf(edits);
  return hunks.length === 0 ? [] : [`--- ${before.label}`, `+++ ${after.label}`, ...hunks];
}

/** Lines with their ends, so that a changed line end is a change. */
export function splitLines(text: string): readonly string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

/** From `a` to `b`, in order; equal lines at both ends are found first. */
export function diffLines(a: readonly string[], b: readonly string[]): readonly Edit[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail++;
  return [
    ...a.slice(0, head).map(same),
    ...middleEdits(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

function same(text: string): Edit {
  return { kind: 'same', text };
}

/** Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), greedy, with the trace kept. */
function middleEdits(a: readonly string[], b: readonly string[]): readonly Edit[] {
  const trace: Int32Array[] = [];
  const most = Math.min(a.length + b.length, MAX_CHANGES);
  const offset = most + 1;
  let v = new Int32Array(2 * offset + 1);
  for (let d = 0; d <= most; d++) {
    trace.push(v.slice());
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && at(v, offset + k - 1) < at(v, offset + k + 1));
      let x = down ? at(v, offset + k + 1) : at(v, offset + k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      v[offset + k] = x;
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, trace, offset);
    }
    v = v.slice();
  }
  return [
    ...a.map((text): Edit => ({ kind: 'removed', text })),
    ...b.map((text): Edit => ({ kind: 'added', text })),
  ];
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  trace: readonly Int32Array[],
  offset: number,
): readonly Edit[] {
  const edits: Edit[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d--) {
    const v = trace[d] ?? new Int32Array();
    const k = x - y;
    const down = k === -d || (k !== d && at(v, offset + k - 1) < at(v, offset + k + 1));
    const fromK = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : at(v, offset + fromK);
    const fromY = d === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY) {
      edits.push({ kind: 'same', text: a[x - 1] ?? '' });
      x--;
      y--;
    }
    if (d > 0)
      edits.push(down ? { kind: 'added', text: b[y - 1] ?? '' } : { kind: 'removed', text: a[x - 1] ?? '' });
    x = fromX;
    y = fromY;
  }
  return edits.reverse();
}

function at(v: Int32Array, i: number): number {
  return v[i] ?? 0;
}

function hunksOf(edits: readonly Edit[]): readonly string[] {
  const lines: string[] = [];
  let oldLine = 0;
  let newLine = 0;
  let i = 0;
  while (i < edits.length) {
    const first = edits.findIndex((edit, n) => n >= i && edit.kind !== 'same');
    if (first < 0) break;
    const start = Math.max(i, first - CONTEXT_LINES);
    const end = hunkEnd(edits, first);
    oldLine += start - i;
    newLine += start - i;
    const hunk = edits.slice(start, end);
    const removed = hunk.filter((edit) => edit.kind !== 'added').length;
    const added = hunk.filter((edit) => edit.kind !== 'removed').length;
    lines.push(`@@ -${range(oldLine, removed)} +${range(newLine, added)} @@`, ...hunk.flatMap(printed));
    oldLine += removed;
    newLine += added;
    i = end;
  }
  return lines;
}

/** Where the hunk that starts at the changed line `first` ends, with its context. */
export function hunkEnd(edits: readonly Edit[], first: number): number {
  let last = first;
  for (let i = first; i < edits.length && i <= last + 2 * CONTEXT_LINES; i++)
    if (edits[i]?.kind !== 'same') last = i;
  return Math.min(edits.length, last + 1 + CONTEXT_LINES);
}

function range(before: number, lines: number): string {
  const start = lines === 0 ? before : before + 1;
  return lines === 1 ? `${start}` : `${start},${lines}`;
}

const SIGN = { same: ' ', removed: '-', added: '+' } as const;

function printed({ kind, text }: Edit): readonly string[] {
  return text.endsWith('\n')
    ? [`${SIGN[kind]}${text.slice(0, -1)}`]
    : [`${SIGN[kind]}${text}`, '\\ No newline at end of file'];
}

const SNIFFED_BYTES = 8_000;

/** The text of a file, or undefined for what is no UTF-8 text. */
export function asText(bytes: Uint8Array): string | undefined {
  if (bytes.subarray(0, SNIFFED_BYTES).includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
