import type { ClientNews } from '../../remote-log/reader.ts';
import { compareKeys, keyPath, type RelPath } from '../../sync/path.ts';

/** The paths that others' logs name, each once, sorted. */
export function namedPaths(news: readonly ClientNews[]): readonly RelPath[] {
  const paths = new Set(news.flatMap(({ entries }) => entries.map(({ path }) => keyPath(path))));
  return [...paths].sort(compareKeys);
}
