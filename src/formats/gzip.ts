import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { FormatError } from './fields.ts';

// Level 4: within 5 % of the default's size on index rows at half its time.
const LEVEL = 4;

/** One gzip member. Synchronous on purpose: members are small, and a simulation must own every await. */
export function gzip(text: string): Uint8Array {
  return gzipSync(text, { level: LEVEL });
}

/**
 * @param maxBytes - refuse to unpack more: a few forged kilobytes could otherwise fill the memory
 * @throws FormatError
 */
export function gunzip(bytes: Uint8Array, maxBytes: number, what: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new FormatError(`${what} does not unpack`, { cause });
  }
}

/** Unpacks as much as a cut-off beginning holds. @throws FormatError */
export function gunzipBeginning(bytes: Uint8Array, maxBytes: number, what: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes, finishFlush: constants.Z_SYNC_FLUSH });
  } catch (cause) {
    throw new FormatError(`${what} does not unpack`, { cause });
  }
}
