import type { Folder, StateFiles } from '../../engine/ports/folder.ts';
import type { Runtime } from '../../engine/ports/runtime.ts';
import type { ObjectKey, Store } from '../../engine/ports/store.ts';
import { encodeFolderMarker, encodeStoreMarker, storeTarget } from '../../formats/marker-codec.ts';

export interface Pretended {
  readonly store: Store;
  readonly folder: Folder;
  readonly targetId: string;
  readonly clientId: string;
}

const STORE_MARKER = '.s4/target.json' as ObjectKey;

/**
 * Both sides as they will be when the folder has joined the store, for a preview before anything is written: markers
 * that are not there yet are made up, and nothing is known of any earlier sync. To look only: changes go through.
 *
 * @throws S4Error STORE_*, STATE_TOO_NEW
 */
export async function pretendJoined(
  store: Store,
  folder: Folder,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Pretended> {
  const there = await store.poll(STORE_MARKER, undefined, { signal });
  const known = there.kind === 'changed' ? storeTarget(there.bytes) : undefined;
  const targetId = known ?? runtime.randomHex(16);
  const clientId = runtime.randomHex(8);
  const { host } = runtime;
  const marker = encodeFolderMarker({ targetId, clientId, host, joinedMs: runtime.nowMs() });
  return {
    targetId,
    clientId,
    folder: { ...folder, state: freshState(folder.state, marker) },
    store:
      known === undefined ? withMarker(store, encodeStoreMarker({ targetId, host, createdMs: 0 })) : store,
  };
}

/** A folder that was joined a moment ago. */
function freshState(state: StateFiles, marker: Uint8Array): StateFiles {
  return {
    ...state,
    read: async (name) => (name === 'target.json' ? marker : undefined),
    size: async (name) => (name === 'target.json' ? marker.byteLength : undefined),
    identity: async () => undefined,
  };
}

function withMarker(store: Store, marker: Uint8Array): Store {
  return {
    ...store,
    get: async (key, options) =>
      key === STORE_MARKER
        ? {
            kind: 'found',
            state: { token: { etag: 'made-up', sizeBytes: marker.byteLength, modifiedMs: 0 }, metadata: {} },
            body: once(marker),
          }
        : store.get(key, options),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
