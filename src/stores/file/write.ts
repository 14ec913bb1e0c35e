import type {
  ContentSource,
  CopyOptions,
  CopyOutcome,
  ObjectKey,
  PutOptions,
  PutOutcome,
} from '../../engine/ports/store.ts';
import { keyRefused } from '../object-key.ts';
import { readBytes } from './body.ts';
import { commitPut, holds } from './commit.ts';
import { currentAt } from './current.ts';
import type { FileContext } from './file-context.ts';
import { findVersion } from './find-version.ts';
import { putMarker } from './folders.ts';
import { checkFileKey } from './places.ts';
import { sourceChunks, writeTemp } from './temp-file.ts';

export async function putFile(
  context: FileContext,
  key: ObjectKey,
  source: ContentSource,
  options: PutOptions,
): Promise<PutOutcome> {
  checkFileKey(key);
  if (key.endsWith('/')) {
    if (source.sizeBytes > 0) throw keyRefused(key, 'a folder has no content');
    return putMarker(context, key, options);
  }
  // Spares the transfer where it is hopeless already; what counts is the look under the lock.
  if (!holds(options.condition, await currentAt(context, key, options.signal)))
    return { kind: 'precondition-failed' };
  const { condition, confirm, metadata, signal } = options;
  const temp = await writeTemp(context, sourceChunks(source, options), metadata);
  return commitPut(context, { key, temp, condition, confirm, metadata, signal });
}

export async function copyFile(
  context: FileContext,
  from: ObjectKey,
  to: ObjectKey,
  options: CopyOptions,
): Promise<CopyOutcome> {
  checkFileKey(to);
  const { condition, metadata, signal, source } = options;
  const found = await findVersion(context, from, source, signal);
  if (!found || to.endsWith('/')) return { kind: 'source-changed' };
  if (source.etag !== undefined && source.etag !== found.id) return { kind: 'source-changed' };
  // Read through, not copied by the system: the bytes that are hashed are those that are written.
  const temp = await writeTemp(context, readBytes(context, found, signal ? { signal } : {}), metadata);
  const outcome = await commitPut(context, { key: to, temp, condition, metadata, signal });
  if (outcome.kind === 'abandoned') throw new Error('a copy asks nobody');
  return outcome;
}
