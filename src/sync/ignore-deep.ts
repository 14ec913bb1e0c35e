import ignore from 'ignore';

/** What a line says of a path: it excludes it, includes it again, or does not speak of it. */
export type LineVerdict = 'ignored' | 'included' | 'silent';

/** From so many `**` on, a regular expression may try all ways to share out the folders: their number to that power. */
const SLOW_STARS = 3;
const MAX_REMEMBERED = 10_000;

/**
 * A matcher for a line with many `**`, which needs folders times segments of the line at most; undefined for lines that
 * `ignore` answers as fast. Asked about a path as a file: a line for folders only says nothing.
 */
export function createDeepMatcher(line: string): ((relative: string) => LineVerdict) | undefined {
  if (line.startsWith('#') || !line.includes('**')) return undefined;
  const isNegative = line.startsWith('!');
  const pattern = withoutTrailingSpaces(isNegative ? line.slice(1) : line).replace(/^\//, '');
  const segments = pattern.split('/').filter((segment, i, all) => segment !== '**' || all[i - 1] !== '**');
  if (pattern.split('/').filter((segment) => segment === '**').length < SLOW_STARS) return undefined;
  if (segments.at(-1) === '') return () => 'silent';
  const parts = segments.map((segment) => (segment === '**' ? '**' : createSegmentMatcher(segment)));
  return (relative) => {
    if (!matchSegments(parts, relative.split('/'))) return 'silent';
    return isNegative ? 'included' : 'ignored';
  };
}

type Part = '**' | ((name: string) => boolean);

/** Row by row: which numbers of leading names the parts so far can stand for. */
function matchSegments(parts: readonly Part[], names: readonly string[]): boolean {
  const last = parts.at(-1);
  // Most paths are told apart by their last name.
  if (typeof last === 'function' && !last(names.at(-1) ?? '')) return false;
  let reached: boolean[] = names.map(() => false);
  reached.unshift(true);
  for (const [i, part] of parts.entries()) {
    const next: boolean[] = reached.map(() => false);
    // `**` stands for any number of folders; at the end, for at least one name.
    const least = part === '**' && i === parts.length - 1 ? 1 : 0;
    let open = false;
    for (let at = 0; at <= names.length; at++) {
      if (part === '**') {
        open ||= reached[at - least] === true;
        next[at] = open;
      } else if (at > 0) {
        next[at] = reached[at - 1] === true && part(names[at - 1] ?? '');
      }
    }
    reached = next;
  }
  return reached[names.length] === true;
}

/** One segment as `ignore` understands it: held by a folder mark, so that spaces at its end count. */
function createSegmentMatcher(segment: string): (name: string) => boolean {
  const create = () => ignore({ ignorecase: false, allowRelativePaths: true }).add(`/${segment}/x`);
  const known = new Map<string, boolean>();
  let asked = create();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    if (known.size >= MAX_REMEMBERED) {
      known.clear();
      asked = create();
    }
    const matches = name !== '' && asked.ignores(`${name}/x`);
    known.set(name, matches);
    return matches;
  };
}

function withoutTrailingSpaces(line: string): string {
  let end = line.length;
  while (line[end - 1] === ' ' && line[end - 2] !== '\\') end--;
  return line.slice(0, end);
}
