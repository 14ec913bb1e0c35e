import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import * as z from 'zod';
import { S4Error } from '../lib/errors.ts';

/** The files that Python S4 keeps at the top of a folder and of a prefix; the lock only in the folder. */
export const PYTHON_FILES: ReadonlySet<string> = new Set(['.index', '.s4lock']);
export const PYTHON_INDEX = '.index';

/** An index that inflates to more is not one that Python S4 could have loaded. */
const MAX_INFLATED_BYTES = 512 * 1024 * 1024;

const seconds = z.number().nullish();
const index = z.record(z.string(), z.object({ local_timestamp: seconds, remote_timestamp: seconds }));

interface PythonRow {
  /** The file's own time on its side. */
  readonly ownS: number | undefined;
  /** The time that both sides agreed on. */
  readonly agreedS: number | undefined;
}

export type PythonIndex = ReadonlyMap<string, PythonRow>;

/** What `CycleOptions.legacyIndex` wants. */
export type LegacyEvidence = ReadonlyMap<string, { readonly localS: number; readonly remoteS: number }>;

/**
 * Decodes a `.index` of Python S4: gzip, zlib or plain JSON.
 * @throws S4Error STATE_UNREADABLE when the bytes are no such index
 */
export async function decodePythonIndex(bytes: Uint8Array): Promise<PythonIndex> {
  if (bytes.byteLength === 0) return new Map();
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await inflated(bytes)));
    const rows = Object.entries(index.parse(json));
    return new Map(
      rows.map(([key, row]) => [
        key,
        { ownS: row.local_timestamp ?? undefined, agreedS: row.remote_timestamp ?? undefined },
      ]),
    );
  } catch (error) {
    throw new S4Error('STATE_UNREADABLE', "The .index is not one of Python S4's, or it is damaged.", {
      cause: error,
    });
  }
}

async function inflated(bytes: Uint8Array): Promise<Uint8Array> {
  const { fileTypeFromBuffer } = await import('file-type');
  const type = await fileTypeFromBuffer(bytes);
  if (type?.mime === 'application/gzip')
    return promisify(gunzip)(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  // RFC 1950: the low nibble of the first byte is 8 (deflate), and both bytes as one number divide by 31.
  const [cmf = 0, flags = 0] = bytes;
  const isZlib = (cmf & 0x0f) === 8 && ((cmf << 8) | flags) % 31 === 0;
  return isZlib ? promisify(inflate)(bytes, { maxOutputLength: MAX_INFLATED_BYTES }) : bytes;
}

/**
 * Joins the folder's index and the prefix's into evidence: a path is in it only when both say that they agreed on the
 * same state. Equal then are a local file whose modification second is `localS` and an object whose LastModified is
 * `remoteS`.
 */
export function joinPythonIndexes(local: PythonIndex, remote: PythonIndex): LegacyEvidence {
  const evidence = new Map<string, { readonly localS: number; readonly remoteS: number }>();
  for (const [key, mine] of local) {
    const theirs = remote.get(key);
    if (mine.ownS === undefined || theirs?.ownS === undefined) continue;
    if (mine.agreedS === undefined || theirs.agreedS === undefined) continue;
    if (Math.floor(mine.agreedS) !== Math.floor(theirs.agreedS)) continue;
    evidence.set(key, { localS: Math.floor(mine.ownS), remoteS: Math.floor(theirs.ownS) });
  }
  return evidence;
}
