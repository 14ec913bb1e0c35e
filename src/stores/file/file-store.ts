import type { ObjectKey, ObjectVersion, Store } from '../../engine/ports/store.ts';
import { commitDelete } from './commit.ts';
import type { FileContext } from './file-context.ts';
import { objectError } from './file-errors.ts';
import { deleteMarker } from './folders.ts';
import { listFiles } from './list.ts';
import { checkFileKey, checkRoot } from './places.ts';
import { probeFileStore } from './probe.ts';
import { getFile, headFile, pollFile, versionsOf } from './read.ts';
import { copyFile, putFile } from './write.ts';

/** The `Store` over a prepared directory; `openFileStore` is how to get one. */
export function createFileStore(context: FileContext, url: string): Store {
  const requests = new Map<string, number>();
  /** Counts, checks that the disk is there, and maps system errors. */
  const call = async <T>(
    request: string,
    key: string,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> => {
    signal?.throwIfAborted();
    requests.set(request, (requests.get(request) ?? 0) + 1);
    checkRoot(context.layout);
    try {
      return await run();
    } catch (error) {
      throw objectError(error, key);
    }
  };
  const store: Store = {
    url,
    prefixBytes: 0,
    requests,
    list(options) {
      requests.set('LIST', (requests.get('LIST') ?? 0) + 1);
      return listFiles(context, options);
    },
    head: (key, options = {}) => call('HEAD', key, options.signal, () => headFile(context, key, options)),
    get: (key, options = {}) => call('GET', key, options.signal, () => getFile(context, key, options)),
    poll: (key, etag, options = {}) =>
      call('GET', key, options.signal, () => pollFile(context, key, etag, options)),
    put: (key, source, options) =>
      call('PUT', key, options.signal, () => putFile(context, key, source, options)),
    copy: (from, to, options) => call('COPY', to, options.signal, () => copyFile(context, from, to, options)),
    delete: (key, { condition, signal }) =>
      call('DELETE', key, signal, async () => {
        checkFileKey(key);
        if (key.endsWith('/')) return deleteMarker(context, key, condition, signal);
        return commitDelete(context, key, condition, signal);
      }),
    async *versions(key: ObjectKey, options = {}): AsyncGenerator<readonly ObjectVersion[]> {
      const rows = await call('LIST', key, options.signal, () => versionsOf(context, key, options.signal));
      if (rows.length > 0) yield rows;
    },
    probe: (options) =>
      call('PROBE', '', options?.signal, () => probeFileStore(store, context.runtime, options?.signal)),
    close: async () => {},
  };
  return store;
}
