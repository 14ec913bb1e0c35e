import type { LogCursor, RecentDeletions } from '../engine/ports/base.ts';
import {
  asObject,
  FormatError,
  flagField,
  integerField,
  type JsonObject,
  objectField,
  stringField,
} from './fields.ts';

/** The cursor of a client that has published nothing yet. */
export const NEW_CURSOR: LogCursor = { sequence: 0, unpublished: 0 };

export function cursorToJson(cursor: LogCursor): JsonObject {
  return {
    sequence: cursor.sequence,
    ...(cursor.headEtag === undefined ? {} : { headEtag: cursor.headEtag }),
    ...(cursor.headWrite === undefined ? {} : { headWrite: cursor.headWrite }),
    ...(cursor.bellPending === true ? { bellPending: true } : {}),
    ...(cursor.writing === true ? { writing: true } : {}),
    unpublished: cursor.unpublished,
  };
}

/** @throws FormatError */
export function cursorFromJson(from: JsonObject): LogCursor {
  return {
    sequence: integerField(from, 'sequence'),
    ...(from['headEtag'] === undefined ? {} : { headEtag: stringField(from, 'headEtag') }),
    ...(from['headWrite'] === undefined ? {} : { headWrite: stringField(from, 'headWrite') }),
    ...(flagField(from, 'bellPending') ? { bellPending: true as const } : {}),
    ...(flagField(from, 'writing') ? { writing: true as const } : {}),
    unpublished: integerField(from, 'unpublished'),
  };
}

export function deletionsToJson(deletions: RecentDeletions): JsonObject {
  return { atMs: deletions.atMs, side: deletions.side, count: deletions.count };
}

/** @throws FormatError */
export function deletionsFromJson(value: unknown): RecentDeletions {
  const from = asObject(value, 'deletions');
  const side = from['side'];
  if (side !== 'local' && side !== 'remote') throw new FormatError('side is unknown');
  return { atMs: integerField(from, 'atMs'), side, count: integerField(from, 'count') };
}

/** Optional members of an object, read only where present. @throws FormatError */
export function optionalCursor(from: JsonObject, name: string): LogCursor | undefined {
  return from[name] === undefined ? undefined : cursorFromJson(objectField(from, name));
}
