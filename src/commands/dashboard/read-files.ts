import type { TargetSettings } from '../../config/schema.ts';
import type { FileRow } from '../../ui/dashboard/state.ts';
import type { Context } from '../context.ts';

export interface TargetFiles {
  readonly tracked: readonly FileRow[];
  readonly ignored: readonly string[];
}

/**
 * What the base tracks, and what the rules exclude: nothing is asked of the store.
 *
 * @throws S4Error FOLDER_MISSING, STATE_*
 */
export async function readFiles(
  { services, signal }: Context,
  target: TargetSettings,
  onTracked: (files: TargetFiles) => void,
): Promise<void> {
  const folder = await services.openFolder(target.folder, { legacy: target.legacy === true });
  try {
    const base = await services.openBase(target, folder);
    const tracked: FileRow[] = [];
    for await (const batch of base.rows()) {
      signal.throwIfAborted();
      for (const { key, content, mtimeNs, remote } of batch) {
        tracked.push({
          path: key,
          sizeBytes: content.kind === 'folder' ? undefined : content.sizeBytes,
          modifiedMs: content.kind === 'folder' ? remote.modifiedMs : Number(mtimeNs / 1_000_000n),
          mark: 'unknown',
        });
      }
    }
    onTracked({ tracked, ignored: [] });
    const ignored: string[] = [];
    for await (const batch of folder.walk({ signal }))
      for (const item of batch)
        if (item.kind === 'ignored') ignored.push(item.folder ? `${item.path}/` : item.path);
    if (ignored.length > 0) onTracked({ tracked, ignored });
  } finally {
    await folder.close();
  }
}
