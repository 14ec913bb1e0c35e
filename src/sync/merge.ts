export type MergeOutcome =
  | { readonly kind: 'clean'; readonly text: Uint8Array }
  /** Both changed the same lines, to different things. */
  | { readonly kind: 'conflict' }
  /** Not UTF-8 text, or too many changed lines to compare: nothing to merge line by line. */
  | { readonly kind: 'unmergeable' };

/** Lines `baseStart..baseEnd` of the base became `lines`. */
interface Hunk {
  readonly baseStart: number;
  readonly baseEnd: number;
  readonly lines: readonly string[];
}

// The comparison needs memory for the square of the differences: beyond this two texts are too far apart to merge.
const MAX_EDITS = 1_000;

/**
 * Merges two edits of one text, line by line (diff3). Clean only if no region that one side changed touches a region
 * that the other changed, unless both made the same change. Line ends are part of their lines.
 */
export function mergeTexts(base: Uint8Array, local: Uint8Array, remote: Uint8Array): MergeOutcome {
  const [b, l, r] = [decodeLines(base), decodeLines(local), decodeLines(remote)];
  if (b === undefined || l === undefined || r === undefined) return { kind: 'unmergeable' };
  const ours = diffLines(b, l);
  const theirs = diffLines(b, r);
  if (ours === undefined || theirs === undefined) return { kind: 'unmergeable' };
  const merged = mergeHunks(b, ours, theirs);
  if (merged === undefined) return { kind: 'conflict' };
  return { kind: 'clean', text: new TextEncoder().encode(merged.join('')) };
}

function decodeLines(bytes: Uint8Array): string[] | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes('\0') ? undefined : (text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
  } catch {
    return undefined;
  }
}

function mergeHunks(
  base: readonly string[],
  ours: readonly Hunk[],
  theirs: readonly Hunk[],
): string[] | undefined {
  const merged: string[] = [];
  let at = 0;
  let i = 0;
  let j = 0;
  for (;;) {
    const our = ours[i];
    const their = theirs[j];
    if (our === undefined && their === undefined) break;
    const next = their === undefined || (our !== undefined && isBefore(our, their)) ? our : their;
    if (next === undefined) break;
    if (our !== undefined && their !== undefined && touches(our, their)) {
      if (!isSameHunk(our, their)) return undefined;
      i++;
      j++;
    } else if (next === our) {
      i++;
    } else {
      j++;
    }
    merged.push(...base.slice(at, next.baseStart), ...next.lines);
    at = next.baseEnd;
  }
  return [...merged, ...base.slice(at)];
}

function isBefore(a: Hunk, b: Hunk): boolean {
  return a.baseStart < b.baseStart || (a.baseStart === b.baseStart && a.baseEnd < b.baseEnd);
}

/** Neighbouring changes count as touching: what each meant may depend on the line the other changed. */
function touches(a: Hunk, b: Hunk): boolean {
  return a.baseStart <= b.baseEnd && b.baseStart <= a.baseEnd;
}

function isSameHunk(a: Hunk, b: Hunk): boolean {
  return (
    a.baseStart === b.baseStart &&
    a.baseEnd === b.baseEnd &&
    a.lines.length === b.lines.length &&
    a.lines.every((line, i) => line === b.lines[i])
  );
}

/** Myers' O(ND) difference (An O(ND) Difference Algorithm and Its Variations, 1986), as changed regions. */
function diffLines(from: readonly string[], to: readonly string[]): readonly Hunk[] | undefined {
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (
    end < from.length - start &&
    end < to.length - start &&
    from[from.length - 1 - end] === to[to.length - 1 - end]
  ) {
    end++;
  }
  const a = from.slice(start, from.length - end);
  const b = to.slice(start, to.length - end);
  const kept = commonLines(a, b);
  if (kept === undefined) return undefined;
  return hunksBetween(kept, a, b, start);
}

interface Match {
  readonly a: number;
  readonly b: number;
}

function commonLines(a: readonly string[], b: readonly string[]): readonly Match[] | undefined {
  const trace: Map<number, number>[] = [];
  const reach = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= Math.min(a.length + b.length, MAX_EDITS); d++) {
    trace.push(new Map(reach));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
      let x = down ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x++;
        y++;
      }
      reach.set(k, x);
      if (x >= a.length && y >= b.length) return walkBack(trace, a.length, b.length);
    }
  }
  return undefined;
}

function walkBack(
  trace: readonly ReadonlyMap<number, number>[],
  aLength: number,
  bLength: number,
): readonly Match[] {
  const matches: Match[] = [];
  let x = aLength;
  let y = bLength;
  for (let d = trace.length - 1; d >= 0; d--) {
    const reach = trace[d] ?? new Map<number, number>();
    const k = x - y;
    const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
    const previousK = down ? k + 1 : k - 1;
    const previousX = d === 0 ? 0 : (reach.get(previousK) ?? 0);
    const previousY = d === 0 ? 0 : previousX - previousK;
    while (x > previousX && y > previousY && x > 0 && y > 0) {
      x--;
      y--;
      matches.push({ a: x, b: y });
    }
    x = previousX;
    y = previousY;
  }
  return matches.reverse();
}

function hunksBetween(
  kept: readonly Match[],
  a: readonly string[],
  b: readonly string[],
  offset: number,
): readonly Hunk[] {
  const hunks: Hunk[] = [];
  let x = 0;
  let y = 0;
  for (const match of [...kept, { a: a.length, b: b.length }]) {
    if (match.a > x || match.b > y) {
      hunks.push({ baseStart: offset + x, baseEnd: offset + match.a, lines: b.slice(y, match.b) });
    }
    x = match.a + 1;
    y = match.b + 1;
  }
  return hunks;
}
