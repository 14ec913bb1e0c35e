import { CONTEXT_LINES, diffLines, splitLines } from '../../report/unified-diff.ts';
import { type DiffRow, lineRow, wordParts } from './diff-rows.ts';

/** Base lines `start..end` became `lines`. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

/** A stretch of the base that at least one side changed, with all that both made of it. */
interface Region {
  readonly start: number;
  readonly end: number;
  readonly local: readonly Change[];
  readonly remote: readonly Change[];
}

/** How the two sides are called: in front of a line, and where only one of them changed something. */
export interface SideNames {
  readonly local: string;
  readonly remote: string;
  readonly onlyLocal: string;
  readonly onlyRemote: string;
}

const OPEN: SideNames = {
  local: 'local',
  remote: 'remote',
  onlyLocal: 'changed here',
  onlyRemote: 'changed in the store',
};

/** Who changed what of their common base: the base's lines are `-`, each side's are `+` with its name. */
export function threeWayRows(
  base: string,
  local: string,
  remote: string,
  names: SideNames = OPEN,
): readonly DiffRow[] {
  const lines = splitLines(base);
  const regions = regionsOf(changes(lines, splitLines(local)), changes(lines, splitLines(remote)));
  const rows: DiffRow[] = [];
  let at = 0;
  for (const [i, region] of regions.entries()) {
    const next = regions[i + 1]?.start ?? lines.length;
    const from = Math.max(at, region.start - CONTEXT_LINES);
    rows.push({ kind: 'hunk', text: `line ${region.start + 1}: ${whose(region, names)}` });
    rows.push(...context(lines.slice(from, region.start)));
    rows.push(...regionRows(region, lines, names));
    at = Math.min(next, region.end + CONTEXT_LINES);
    rows.push(...context(lines.slice(region.end, at)));
  }
  return rows;
}

function changes(base: readonly string[], side: readonly string[]): readonly Change[] {
  const found: Change[] = [];
  let at = 0;
  let open: { start: number; end: number; lines: string[] } | undefined;
  for (const { kind, text } of diffLines(base, side)) {
    if (kind === 'same') {
      if (open !== undefined) found.push(open);
      open = undefined;
      at++;
      continue;
    }
    open ??= { start: at, end: at, lines: [] };
    if (kind === 'added') open.lines.push(text);
    else open.end = ++at;
  }
  return open === undefined ? found : [...found, open];
}

/** Changes of the two sides that touch are one region, as a merge sees them. */
function regionsOf(local: readonly Change[], remote: readonly Change[]): readonly Region[] {
  const all = [
    ...local.map((change) => ({ side: 'local' as const, change })),
    ...remote.map((change) => ({ side: 'remote' as const, change })),
  ].sort((a, b) => a.change.start - b.change.start || a.change.end - b.change.end);
  const regions: Region[] = [];
  for (const { side, change } of all) {
    const last = regions.at(-1);
    const touches = last !== undefined && change.start <= last.end;
    const before = touches ? last : { start: change.start, end: change.end, local: [], remote: [] };
    const next: Region = {
      ...before,
      end: Math.max(before.end, change.end),
      [side]: [...before[side], change],
    };
    if (touches) regions[regions.length - 1] = next;
    else regions.push(next);
  }
  return regions;
}

function whose({ local, remote }: Region, { onlyLocal, onlyRemote }: SideNames): string {
  if (local.length > 0 && remote.length > 0) return 'both changed it';
  return local.length > 0 ? onlyLocal : onlyRemote;
}

function regionRows(region: Region, lines: readonly string[], names: SideNames): readonly DiffRow[] {
  const before = lines.slice(region.start, region.end);
  const mine = made(region, region.local, lines);
  const theirs = made(region, region.remote, lines);
  // Against the side that changed it; where both did, the base's words are told apart from the local ones.
  const [first] = [mine, theirs].filter((side) => side !== undefined);
  const same = mine !== undefined && theirs !== undefined && mine.join('') === theirs.join('');
  return [
    ...before.map((text, i) => lineRow('-', 'base', wordParts(text, first?.[i]))),
    ...(mine ?? []).map((text, i) => lineRow('+', same ? 'both' : names.local, wordParts(text, before[i]))),
    ...(same ? [] : (theirs ?? []).map((text, i) => lineRow('+', names.remote, wordParts(text, before[i])))),
  ];
}

/** What a side made of a region; undefined when it left it alone. */
function made(
  { start, end }: Region,
  side: readonly Change[],
  lines: readonly string[],
): readonly string[] | undefined {
  if (side.length === 0) return undefined;
  const out: string[] = [];
  let at = start;
  for (const change of side) {
    out.push(...lines.slice(at, change.start), ...change.lines);
    at = change.end;
  }
  return [...out, ...lines.slice(at, end)];
}

function context(lines: readonly string[]): readonly DiffRow[] {
  return lines.map((text) => lineRow(' ', '', [{ text: text.replace(/\r?\n$/, ''), changed: false }]));
}
