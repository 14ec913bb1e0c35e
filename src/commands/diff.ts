import { storedVersions } from '../engine/history/file-versions.ts';
import { chooseVersion } from '../engine/history/plan-restore.ts';
import { S4Error } from '../lib/errors.ts';
import { formatTime } from '../report/format.ts';
import type { RelPath } from '../sync/path.ts';
import { difference, differenceLines, localSide, type Side, storedSide } from './contents.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { oneFile } from './one-path.ts';
import { type OpenTarget, withTarget } from './open-target.ts';

export interface DiffFlags {
  readonly version?: readonly string[];
}

/**
 * `s4 diff PATH`: from the store's current version to the file here; with one `--version` from that version, with two
 * from the first to the second. Like `diff -u`, but its exit code says only whether it could look.
 */
export async function diff(context: Context, arg: string, flags: DiffFlags): Promise<ExitCode> {
  const { target, path } = await oneFile(context, arg);
  const ids = flags.version ?? [];
  if (ids.length > 2) throw new S4Error('USAGE', 'At most two versions can be compared.');
  const [before, after] = await withTarget(context, target, async (open) => {
    const [first, second] = ids;
    const from = await versionSide(context, open, path, first);
    const to =
      second === undefined
        ? await localSide(open.folder, path, `${open.folder.root}/${path}`)
        : await versionSide(context, open, path, second);
    return [from, to];
  });
  if (before.content.kind === 'absent' && after.content.kind === 'absent') {
    throw new S4Error('USAGE', `there is no file ${path}, here or in the store`, {
      hint: 'A folder has no difference of its own: "s4 status" lists what is in it. "s4 versions" finds what was deleted.',
    });
  }
  const found = await difference(before, after);
  context.out.record({
    kind: 'diff',
    target: target.name,
    path,
    from: before.label,
    to: after.label,
    difference: found.kind,
    ...(found.kind === 'text' ? { lines: found.lines } : {}),
    ...(found.kind === 'binary' ? { before: found.before, after: found.after } : {}),
  });
  context.out.lines(differenceLines(found, before, after));
  return EXIT.done;
}

async function versionSide(
  { signal }: Context,
  { store }: OpenTarget,
  path: RelPath,
  id: string | undefined,
): Promise<Side> {
  const place = `${store.url}/${path}`;
  if (id === undefined) return storedSide(store, path, { label: place, signal });
  const { versionId, modifiedMs } = chooseVersion(await storedVersions(store, path, { signal }), id, path);
  return storedSide(store, path, { versionId, label: `${place} (${formatTime(modifiedMs)})`, signal });
}
