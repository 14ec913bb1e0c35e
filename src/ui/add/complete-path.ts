/** What Tab makes of a path: as much as all candidates have in common; undefined when that is nothing more. */
export function completePath(text: string, candidates: readonly string[]): string | undefined {
  const [first, ...others] = candidates;
  if (first === undefined) return undefined;
  let common = first;
  for (const other of others) while (!other.startsWith(common)) common = common.slice(0, -1);
  return common.length > text.length ? common : undefined;
}
