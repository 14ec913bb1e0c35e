import type { Fingerprint } from '../../sync/entry.ts';
import type { LocalFile } from '../../sync/operations.ts';
import { fileKey, type RelPath } from '../../sync/path.ts';
import type { Problem } from '../../sync/problem.ts';
import { createCommitter } from '../commit.ts';
import { blocked, type OperationContext } from '../operations/context.ts';
import { orDiscard } from '../operations/or-discard.ts';
import { nameForEdit, placeFetched } from '../operations/place-fetched.ts';
import type { StagedAs } from '../ports/folder.ts';
import type { TrashedFile } from '../ports/history.ts';

/** Undefined: done. */
export type LocalOutcome = Problem | undefined;

interface NewContent {
  readonly path: RelPath;
  readonly sizeBytes: number;
  readonly as: StagedAs;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** What is there, as it was when the user chose; undefined: nothing. */
  readonly replaces: LocalFile | undefined;
  /** The file that the content was read from, which a program may have written to meanwhile. */
  readonly readFrom?: { readonly path: RelPath; unchanged(): Promise<boolean> };
}

/**
 * Brings what lies in the trash back to its path, as a copy: it stays in the trash until it is purged. What stands at
 * the path goes to the trash, and is expected to be there at the swap as it was before. A crash leaves one or the
 * other, see `placeFetched`.
 *
 * @throws S4Error LOCAL_*
 */
export async function restoreTrashed(trashed: TrashedFile, context: OperationContext): Promise<LocalOutcome> {
  const { path, ref, sizeBytes, kind, mtimeNs, executable } = trashed;
  const now = await context.folder.stat(path);
  if (now?.kind === 'folder' || now?.kind === 'other') return blocked(path);
  return placeContent(
    {
      path,
      sizeBytes,
      as: kind === 'symlink' ? { kind, mtimeNs } : { kind, mtimeNs, executable },
      chunks: context.folder.readTrash(ref),
      replaces: now && { ...now, key: fileKey(path) },
    },
    context,
  );
}

/**
 * A conflict copy takes its original's place: the original goes to the trash, then the copy. A crash in between leaves
 * the same content under both names.
 *
 * @throws S4Error LOCAL_*
 */
export async function takeCopy(
  copy: LocalFile,
  original: LocalFile | undefined,
  path: RelPath,
  context: OperationContext,
): Promise<LocalOutcome> {
  const copyPath = copy.key as string as RelPath;
  const source = await context.folder.open(copyPath, copy.fingerprint);
  if (source === undefined) return changed(copyPath);
  try {
    const { mtimeNs } = copy.fingerprint;
    const as: StagedAs =
      copy.kind === 'symlink'
        ? { kind: 'symlink', mtimeNs }
        : { kind: 'file', mtimeNs, executable: copy.executable };
    const placed = await placeContent(
      {
        path,
        sizeBytes: source.sizeBytes,
        as,
        chunks: chunksOf(source),
        replaces: original,
        readFrom: { path: copyPath, unchanged: () => source.unchanged() },
      },
      context,
    );
    if (placed !== undefined) return placed;
  } finally {
    await source.close();
  }
  return removeLocal(copyPath, copy.fingerprint, context);
}

/**
 * A text that was made of both takes the original's place, which goes to the trash, if it still is what was looked at;
 * then the copy goes there, if it is. A crash before the swap leaves a temp file, one in between the text and the copy:
 * both versions that it was made of are in the folder or in the trash.
 *
 * @throws S4Error LOCAL_*
 */
export async function takeText(
  text: Uint8Array,
  both: { readonly copy: LocalFile; readonly original: LocalFile; readonly path: RelPath },
  context: OperationContext,
): Promise<LocalOutcome> {
  const { copy, original, path } = both;
  const executable = original.kind === 'file' && original.executable;
  const mtimeNs = BigInt(context.runtime.nowMs()) * 1_000_000n;
  const content: NewContent = {
    path,
    sizeBytes: text.byteLength,
    as: { kind: 'file', executable, mtimeNs },
    chunks: (async function* () {
      yield text;
    })(),
    replaces: original,
  };
  return (
    (await placeContent(content, context)) ??
    removeLocal(copy.key as string as RelPath, copy.fingerprint, context)
  );
}

/**
 * Moves a file to the trash, if it still is what was looked at. An intent is durable before: a crash leaves it in its
 * place or in the trash, and an edit that slipped in comes back beside it.
 *
 * @throws S4Error LOCAL_*
 */
export async function removeLocal(
  path: RelPath,
  expected: Fingerprint,
  context: OperationContext,
): Promise<LocalOutcome> {
  const { folder, base } = context;
  const ref = folder.trashRef(path);
  const copyPath = await nameForEdit(path, context);
  context.signal?.throwIfAborted();
  const finished = [await base.begin({ kind: 'remove', path, expected, ref, copyPath })];
  const outcome = await folder.remove(path, expected, ref);
  if (outcome.kind === 'displaced') await folder.restoreFromTrash(ref, path, copyPath);
  await settle(finished, context);
  switch (outcome.kind) {
    case 'removed':
    case 'absent':
      return undefined;
    case 'changed':
    case 'displaced':
      return changed(path);
    case 'blocked':
      return blocked(path);
  }
}

async function placeContent(content: NewContent, context: OperationContext): Promise<LocalOutcome> {
  const staging = await context.folder.stage(content.sizeBytes);
  const staged = await orDiscard(staging, async () => {
    for await (const chunk of content.chunks) await staging.write(chunk);
    return staging.finish(content.as);
  });
  const { readFrom } = content;
  // A part of what was read may be of another moment than the rest.
  if (readFrom !== undefined && !(await orDiscard(staging, () => readFrom.unchanged()))) {
    await staging.discard();
    return changed(readFrom.path);
  }
  const placed = await placeFetched({ staged, staging }, content.path, content.replaces, context);
  await settle(placed.kind === 'placed' ? placed.finished : (placed.result.finished ?? []), context);
  if (placed.kind === 'placed') return undefined;
  return placed.result.kind === 'failed' ? placed.result.problem : changed(content.path);
}

/** Intents are closed once the folder is durable, as in a cycle. */
async function settle(finished: readonly number[], context: OperationContext): Promise<void> {
  const committer = createCommitter(context);
  await committer.add({ kind: 'done', changes: [], finished });
  await committer.commit();
}

const CHUNK_BYTES = 1024 * 1024;

async function* chunksOf(source: {
  readonly sizeBytes: number;
  read(startByte: number, endByte: number): Promise<Uint8Array>;
}): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < source.sizeBytes; start += CHUNK_BYTES)
    yield await source.read(start, Math.min(source.sizeBytes, start + CHUNK_BYTES));
}

function changed(path: RelPath): Problem {
  return {
    path,
    side: 'local',
    code: 'changed-meanwhile',
    message: 'it was changed in the meantime, and was left as it is',
    hint: 'Look again.',
  };
}

/**
 * Gives a file another name, if it still is what was looked at, and never over something. A crash leaves it under one
 * of the names, or one file under both.
 *
 * @throws S4Error LOCAL_*
 */
export async function renameLocalFile(
  file: LocalFile,
  to: RelPath,
  context: OperationContext,
): Promise<LocalOutcome> {
  const from = file.key as string as RelPath;
  context.signal?.throwIfAborted();
  const expected = file.fingerprint;
  const finished = [await context.base.begin({ kind: 'rename', from, to, expected })];
  const outcome = await context.folder.rename(from, to, expected);
  await settle(finished, context);
  switch (outcome.kind) {
    case 'renamed':
      return undefined;
    case 'changed':
      return changed(from);
    case 'occupied':
      return { ...changed(to), message: 'there is a file of that name' };
    case 'blocked':
      return blocked(from);
  }
}
