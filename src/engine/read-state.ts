import { isS4Error } from '../lib/errors.ts';
import { lastingVersionId } from '../sync/token.ts';
import type { ObjectKey, ReadExpectation, Store } from './ports/store.ts';

/** What a person is shown of a file at most, and what is merged; larger ones are told apart by size and time. */
export const MAX_SHOWN_BYTES = 4 * 1024 * 1024;

export interface ReadStateDeps {
  readonly store: Pick<Store, 'get' | 'versions'>;
  readonly signal?: AbortSignal | undefined;
}

/** The bytes of an object in one state. Undefined: it is not to be had any more, or too large to be shown. */
export async function readState(
  key: ObjectKey,
  expected: ReadExpectation,
  { store, signal }: ReadStateDeps,
): Promise<Uint8Array | undefined> {
  const got = await store.get(key, { ...expected, ...(signal && { signal }) });
  if (got.kind !== 'found') return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of got.body) {
    // Begun and left: a body that nobody looks at would keep its connection.
    if (got.state.token.sizeBytes > MAX_SHOWN_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * The bytes of an object in the state that was once called `name` (`nameOfState`): looked for among its versions, as a
 * listing tells an ETag and no version id. Undefined also where the versions may not be listed.
 */
export async function readNamedState(
  key: ObjectKey,
  name: string,
  deps: ReadStateDeps,
): Promise<Uint8Array | undefined> {
  const found = await findState(key, name, deps);
  return found === undefined ? undefined : readState(key, found, deps);
}

async function findState(
  key: ObjectKey,
  name: string,
  { store, signal }: ReadStateDeps,
): Promise<ReadExpectation | undefined> {
  try {
    for await (const page of store.versions(key, signal === undefined ? {} : { signal }))
      for (const { versionId, content } of page)
        if (content?.etag === name || (content !== undefined && lastingVersionId({ versionId }) === name))
          return { versionId, etag: content.etag };
  } catch (error) {
    if (!isS4Error(error, 'STORE_DENIED', 'OBJECT_DENIED')) throw error;
  }
  return undefined;
}
