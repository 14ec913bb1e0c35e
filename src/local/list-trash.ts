import { open, readlink } from 'node:fs/promises';
import type { TrashRef } from '../engine/ports/folder.ts';
import type { TrashedFile } from '../engine/ports/history.ts';
import { S4Error } from '../lib/errors.ts';
import type { ChangeContext } from './change-context.ts';
import { look } from './entries.ts';
import { localStatFrom } from './fingerprint.ts';
import { localError } from './fs-errors.ts';
import { trashedEntries } from './purge.ts';
import { READ_FLAGS } from './read-no-follow.ts';

/** What lies in the trash, newest first; a place that holds no file or symlink is left out. */
export function listTrash(context: ChangeContext, trashPath: string): readonly TrashedFile[] {
  return trashedEntries(context, trashPath)
    .toReversed()
    .flatMap(({ ref, path, movedMs, sizeBytes }): readonly TrashedFile[] => {
      const stats = look(context.trash.locate(ref));
      const found = stats && localStatFrom(stats);
      if (found?.kind !== 'file' && found?.kind !== 'symlink') return [];
      const { mtimeNs } = found.fingerprint;
      const executable = found.kind === 'file' && found.executable;
      return [{ ref, path, movedMs, sizeBytes, kind: found.kind, executable, mtimeNs }];
    });
}

const CHUNK_BYTES = 256 * 1024;

/** @throws S4Error LOCAL_FAILED when it is gone, LOCAL_UNREADABLE */
export async function* readTrash({ trash }: ChangeContext, ref: TrashRef): AsyncGenerator<Uint8Array> {
  const path = trash.locate(ref);
  try {
    if (look(path)?.isSymbolicLink() === true) {
      yield await readlink(path, { encoding: 'buffer' });
      return;
    }
    const file = await open(path, READ_FLAGS);
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES));
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (look(path) !== undefined) throw localError(cause, `.s4/trash/${ref}`);
    throw new S4Error('LOCAL_FAILED', 'it is no longer in the trash', { data: { ref }, cause });
  }
}
