import type { BaseRow, Content, Fingerprint, RemoteToken } from '../sync/entry.ts';
import { parseKey } from '../sync/path.ts';
import {
  asObject,
  bigintField,
  digestField,
  FormatError,
  flagField,
  integerField,
  type JsonObject,
  objectField,
  stringField,
} from './fields.ts';

const MAX_TOKEN_LENGTH = 1024;

/** A base row as plain JSON: one line of the index, or a part of a journal line. */
export function rowToJson(row: BaseRow): JsonObject {
  return {
    key: row.key,
    ...contentToJson(row.content),
    ...(row.content.kind === 'folder' ? {} : { mtimeNs: String(row.mtimeNs) }),
    ...(row.local === undefined ? {} : { local: fingerprintToJson(row.local) }),
    ...(row.racy === true ? { racy: true } : {}),
    remote: tokenToJson(row.remote),
  };
}

/** @throws FormatError when any part is not as `rowToJson` writes it; unknown fields are ignored */
export function rowFromJson(value: unknown): BaseRow {
  const from = asObject(value, 'row');
  const parsed = parseKey(stringField(from, 'key'));
  if (!parsed.ok) throw new FormatError(`key is ${parsed.fault}`);
  const content = contentFromJson(from);
  if ((content.kind === 'folder') !== parsed.folder)
    throw new FormatError('only keys with a trailing slash are folders');
  const remote = tokenFromJson(objectField(from, 'remote'));
  if (content.kind === 'folder') return { key: parsed.key, content, mtimeNs: 0n, remote };
  const mtimeNs = bigintField(from, 'mtimeNs');
  const { key } = parsed;
  if (from['local'] === undefined) return { key, content, mtimeNs, remote };
  const local = fingerprintFromJson(objectField(from, 'local'));
  return flagField(from, 'racy')
    ? { key, content, mtimeNs, local, racy: true, remote }
    : { key, content, mtimeNs, local, remote };
}

function contentToJson(content: Content): JsonObject {
  if (content.kind === 'folder') return { kind: 'folder' };
  const { kind, digest, sizeBytes } = content;
  return content.kind === 'file' && content.executable
    ? { kind, digest, sizeBytes, executable: true }
    : { kind, digest, sizeBytes };
}

function contentFromJson(from: JsonObject): Content {
  const kind = from['kind'];
  if (kind === 'folder') return { kind };
  if (kind !== 'file' && kind !== 'symlink') throw new FormatError('kind is unknown');
  const digest = digestField(from, 'digest');
  const sizeBytes = integerField(from, 'sizeBytes');
  return kind === 'symlink'
    ? { kind, digest, sizeBytes }
    : { kind, digest, sizeBytes, executable: flagField(from, 'executable') };
}

export function fingerprintToJson(print: Fingerprint): JsonObject {
  return {
    inode: String(print.inode),
    sizeBytes: print.sizeBytes,
    mtimeNs: String(print.mtimeNs),
    ctimeNs: String(print.ctimeNs),
  };
}

/** @throws FormatError */
export function fingerprintFromJson(from: JsonObject): Fingerprint {
  return {
    inode: bigintField(from, 'inode'),
    sizeBytes: integerField(from, 'sizeBytes'),
    mtimeNs: bigintField(from, 'mtimeNs'),
    ctimeNs: bigintField(from, 'ctimeNs'),
  };
}

function tokenToJson(token: RemoteToken): JsonObject {
  return {
    etag: token.etag,
    sizeBytes: token.sizeBytes,
    modifiedMs: token.modifiedMs,
    ...(token.modifiedIsEstimate === true ? { modifiedIsEstimate: true } : {}),
    ...(token.versionId === undefined ? {} : { versionId: token.versionId }),
  };
}

function tokenFromJson(from: JsonObject): RemoteToken {
  const etag = from['etag'];
  if (typeof etag !== 'string' || etag.length > MAX_TOKEN_LENGTH)
    throw new FormatError('etag is not a string');
  const modifiedMs = from['modifiedMs'];
  if (typeof modifiedMs !== 'number' || !Number.isFinite(modifiedMs))
    throw new FormatError('modifiedMs is not a number');
  const token = { etag, sizeBytes: integerField(from, 'sizeBytes'), modifiedMs };
  // Without spreads: this runs for every row of every sync.
  const versionId =
    from['versionId'] === undefined ? undefined : stringField(from, 'versionId', MAX_TOKEN_LENGTH);
  if (flagField(from, 'modifiedIsEstimate')) {
    const estimate = { ...token, modifiedIsEstimate: true as const };
    return versionId === undefined ? estimate : { ...estimate, versionId };
  }
  if (versionId === undefined) return token;
  return { etag, sizeBytes: token.sizeBytes, modifiedMs, versionId };
}
