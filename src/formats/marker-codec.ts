import {
  checkVersion,
  decodeUtf8,
  FormatError,
  integerField,
  type JsonObject,
  parseJsonObject,
  stringField,
} from './fields.ts';

const MARKER_VERSION = 1;
/** Larger than any marker; readers of a store fetch no more. */
export const MAX_MARKER_BYTES = 16 * 1024;

/** `<folder>/.s4/target.json`: which target this folder belongs to, and who it is there. */
export interface FolderMarker {
  readonly targetId: string;
  readonly clientId: string;
  readonly host: string;
  readonly joinedMs: number;
}

/** `<prefix>/.s4/target.json`: made once, the same for every client. */
export interface StoreMarker {
  readonly targetId: string;
  readonly host: string;
  readonly createdMs: number;
}

const ID = /^[0-9a-f]{16,64}$/;

export function encodeFolderMarker(marker: FolderMarker): Uint8Array {
  const { targetId, clientId, host, joinedMs } = marker;
  return encode({ s4: 'folder', version: MARKER_VERSION, targetId, clientId, host, joinedMs });
}

/** @throws FormatError, S4Error STATE_TOO_NEW */
export function decodeFolderMarker(bytes: Uint8Array): FolderMarker {
  const from = decode(bytes, 'folder');
  return {
    targetId: idField(from, 'targetId'),
    clientId: idField(from, 'clientId'),
    host: stringField(from, 'host', 1024),
    joinedMs: integerField(from, 'joinedMs'),
  };
}

export function encodeStoreMarker(marker: StoreMarker): Uint8Array {
  const { targetId, host, createdMs } = marker;
  return encode({ s4: 'target', version: MARKER_VERSION, targetId, host, createdMs });
}

/** @throws FormatError, S4Error STATE_TOO_NEW */
export function decodeStoreMarker(bytes: Uint8Array): StoreMarker {
  const from = decode(bytes, 'target');
  return {
    targetId: idField(from, 'targetId'),
    host: stringField(from, 'host', 1024),
    createdMs: integerField(from, 'createdMs'),
  };
}

/** The target that a marker names; undefined for bytes that are no marker. @throws S4Error STATE_TOO_NEW */
export function folderTarget(bytes: Uint8Array): string | undefined {
  return targetOf(() => decodeFolderMarker(bytes));
}

/** Likewise of a store's marker. @throws S4Error STATE_TOO_NEW */
export function storeTarget(bytes: Uint8Array): string | undefined {
  return targetOf(() => decodeStoreMarker(bytes));
}

function targetOf(decode: () => { readonly targetId: string }): string | undefined {
  try {
    return decode().targetId;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** Target and client ids become parts of object keys: hex digits only. */
export function idField(from: JsonObject, name: string): string {
  const id = stringField(from, name, 64);
  if (!ID.test(id)) throw new FormatError(`${name} is not an id`);
  return id;
}

export function isId(text: string): boolean {
  return ID.test(text);
}

function encode(marker: JsonObject): Uint8Array {
  return Buffer.from(`${JSON.stringify(marker, undefined, 2)}\n`);
}

function decode(bytes: Uint8Array, kind: 'folder' | 'target'): JsonObject {
  if (bytes.byteLength > MAX_MARKER_BYTES) throw new FormatError('the marker is too long');
  const from = parseJsonObject(decodeUtf8(bytes, 'the marker'), 'the marker');
  checkVersion(from, kind, MARKER_VERSION);
  return from;
}
