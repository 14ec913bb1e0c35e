import { parseConflictCopy } from '../../sync/conflict-name.ts';
import type { LocalFile } from '../../sync/operations.ts';
import { fileKey, keyPath, type RelPath } from '../../sync/path.ts';
import type { Folder } from '../ports/folder.ts';

/** A conflict that was kept as both, and that nobody has looked after since. */
export interface WaitingCopy {
  readonly copy: LocalFile;
  /** As it is now; undefined when it is gone, or a folder. */
  readonly original: LocalFile | undefined;
  readonly path: RelPath;
  readonly host: string;
  readonly whenMs: number;
  /** The name under which it is an ordinary file. */
  readonly settled: RelPath;
}

/** The two states that a question is about: an edit of either makes it another one. */
export function statesOfKept({ copy, original }: WaitingCopy): string {
  return [copy, original]
    .map((file) => {
      if (file === undefined) return 'none';
      const { inode, sizeBytes, mtimeNs, ctimeNs } = file.fingerprint;
      return [file.kind, inode, sizeBytes, mtimeNs, ctimeNs].join(' ');
    })
    .join(', ');
}

/** File times are finer than names, and some services' clocks are not ours. */
const SLACK_MS = 2_000;

/**
 * The conflict copies in the folder, by path. One that was edited is somebody's file by now: the name says when its
 * version was written.
 *
 * @param under - only this path and what is below it
 */
export async function waitingCopies(
  folder: Pick<Folder, 'walk' | 'stat'>,
  options: { readonly under?: RelPath; readonly signal?: AbortSignal } = {},
): Promise<readonly WaitingCopy[]> {
  const found: WaitingCopy[] = [];
  for await (const batch of folder.walk(options)) {
    for (const item of batch) {
      if (item.kind !== 'entry' || item.row.kind === 'folder') continue;
      const parsed = parseConflictCopy(keyPath(item.row.key));
      if (parsed === undefined) continue;
      const { original: path, host, whenMs, settled } = parsed;
      if (Number(item.row.fingerprint.mtimeNs / 1_000_000n) > whenMs + SLACK_MS) continue;
      const now = await folder.stat(path);
      const original =
        now?.kind === 'file' || now?.kind === 'symlink' ? { ...now, key: fileKey(path) } : undefined;
      found.push({ copy: item.row, original, path, host, whenMs, settled });
    }
  }
  return found;
}
