import type { ObjectKey, Store } from '../../engine/ports/store.ts';
import type { NamedObject } from './s3-notification.ts';

/** Written objects remembered at most: an event comes within seconds. */
const MAX_REMEMBERED = 20_000;

/** What this process wrote last to which key: an event that names just that is no news. */
export interface OwnWrites {
  isOwn(object: NamedObject): boolean;
}

export interface RecordingStore extends Store {
  readonly ownWrites: OwnWrites;
}

interface LastWrite {
  /** Undefined: it was removed. */
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
}

/**
 * Records the state that each write of ours left. An event about a key in that very state tells nothing new; in any
 * other state it is somebody else's. No time is involved. Copies are always news: a changed mode leaves the ETag.
 */
export function recordOwnWrites(store: Store): RecordingStore {
  const last = new Map<string, LastWrite>();
  const note = (key: ObjectKey, write: LastWrite): void => {
    last.delete(key);
    last.set(key, write);
    if (last.size <= MAX_REMEMBERED) return;
    const [oldest] = last.keys();
    if (oldest !== undefined) last.delete(oldest);
  };
  return {
    ...store,
    ownWrites: {
      isOwn: (object) => {
        const keys = [object.path, `${object.path}/`];
        const key = keys.find((each) => last.has(each));
        if (key === undefined) return false;
        if (isOwn(object, last.get(key))) return true;
        // Others may bring our state back by writing the same bytes again: that is news.
        last.delete(key);
        return false;
      },
    },
    put: async (key, source, options) => {
      const outcome = await store.put(key, source, options);
      if (outcome.kind === 'stored') {
        const { etag, versionId } = outcome.token;
        note(key, { etag: unquoted(etag), versionId });
      }
      return outcome;
    },
    copy: async (from, to, options) => {
      const outcome = await store.copy(from, to, options);
      last.delete(to);
      return outcome;
    },
    delete: async (key, options) => {
      const outcome = await store.delete(key, options);
      if (outcome.kind === 'deleted') note(key, { etag: undefined, versionId: undefined });
      return outcome;
    },
  };
}

function isOwn({ change, etag, versionId }: NamedObject, write: LastWrite | undefined): boolean {
  if (write === undefined || change === 'copied') return false;
  if (change === 'removed') return write.etag === undefined;
  if (etag === undefined || unquoted(etag) !== write.etag) return false;
  return versionId === undefined || write.versionId === undefined || versionId === write.versionId;
}

function unquoted(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
