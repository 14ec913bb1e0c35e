import { S4Error } from '../lib/errors.ts';
import type { Digest } from '../sync/entry.ts';

/** Bytes that are not what a decoder expects. Callers turn it into what it means for them (lost, foreign, ignored). */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

export type JsonObject = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder('utf-8', { fatal: true });
const DECIMAL = /^-?\d{1,20}$/;
const DIGEST = /^[0-9a-f]{64}$/;

/** @throws FormatError when the text is not one JSON object */
export function parseJsonObject(text: string, what: string): JsonObject {
  return asObject(parseJson(text, what), what);
}

/** @throws FormatError */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new FormatError(`${what} is not JSON`, { cause });
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `,`, `[` and `{`: each begins a value. */
const BEGINNINGS: ReadonlySet<number> = new Set([0x2c, 0x5b, 0x7b]);

/**
 * Refuses JSON text that would make far more of itself than it is: a megabyte of `[],` is a hundred megabytes of arrays
 * and a second of work. One pass, before it is parsed.
 *
 * @throws FormatError
 */
export function boundValues(text: string, maxValues: number, what: string): void {
  let values = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) inString = !inString;
    else if (inString && unit === BACKSLASH) at++;
    else if (!inString && BEGINNINGS.has(unit) && ++values > maxValues)
      throw new FormatError(`${what} holds too many values`);
  }
}

/** @throws FormatError when the bytes are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new FormatError(`${what} is not UTF-8`, { cause });
  }
}

export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FormatError(`${what} is not an object`);
  return value as JsonObject;
}

export function objectField(from: JsonObject, name: string): JsonObject {
  return asObject(from[name], name);
}

export function arrayField(from: JsonObject, name: string): readonly unknown[] {
  const value = from[name];
  if (!Array.isArray(value)) throw new FormatError(`${name} is not an array`);
  return value;
}

/** A non-empty string of at most `maxLength` UTF-16 units. */
export function stringField(from: JsonObject, name: string, maxLength = 4096): string {
  const value = from[name];
  if (typeof value !== 'string' || value === '' || value.length > maxLength)
    throw new FormatError(`${name} is not a usable string`);
  return value;
}

export function integerField(from: JsonObject, name: string, least = 0): number {
  const value = from[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
    throw new FormatError(`${name} is not a whole number from ${least}`);
  return value;
}

/** A 64-bit number, written as a decimal string because JSON numbers lose digits beyond 2^53. */
export function bigintField(from: JsonObject, name: string): bigint {
  const value = from[name];
  if (typeof value !== 'string' || !DECIMAL.test(value))
    throw new FormatError(`${name} is not a decimal string`);
  return BigInt(value);
}

/** True, or absent for false: anything else is refused. */
export function flagField(from: JsonObject, name: string): boolean {
  const value = from[name];
  if (value !== undefined && value !== true) throw new FormatError(`${name} is neither true nor absent`);
  return value === true;
}

export function digestField(from: JsonObject, name: string): Digest {
  const value = from[name];
  const digest = typeof value === 'string' ? parseDigest(value) : undefined;
  if (digest === undefined) throw new FormatError(`${name} is not a SHA-256`);
  return digest;
}

export function parseDigest(text: string): Digest | undefined {
  return DIGEST.test(text) ? (text as Digest) : undefined;
}

/**
 * Refuses what is of another kind or of a version that this program does not know, before anything else is read.
 *
 * @throws FormatError when it is not an s4 `kind` at all
 * @throws S4Error STATE_TOO_NEW when a newer s4 wrote it
 */
export function checkVersion(from: JsonObject, kind: string, supported: number): void {
  if (from['s4'] !== kind) throw new FormatError(`not an s4 ${kind}`);
  if (integerField(from, 'version', 1) > supported)
    throw new S4Error('STATE_TOO_NEW', `a newer s4 wrote this ${kind}`, {
      hint: 'Update s4 on this machine.',
      data: { kind, version: integerField(from, 'version', 1), supported },
    });
}
