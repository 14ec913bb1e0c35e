import { readdirSync } from 'node:fs';
import { type PathFault, parseKey } from '../sync/path.ts';

/** Printable ASCII but the backslash: nearly every name, and none of the faults but one can be in it. */
const PLAIN_NAME = /^[ -[\]-~]+$/;
const MAX_PLAIN_PATH = 255;

/** Why a name found on disk cannot be synced; undefined when it can. */
export function nameFault(path: string, name: string): PathFault | undefined {
  if (path.length <= MAX_PLAIN_PATH && PLAIN_NAME.test(name))
    return name.length === 3 && name.toLowerCase() === '.s4' ? 'reserved' : undefined;
  const parsed = parseKey(path);
  return parsed.ok ? undefined : parsed.fault;
}

/** Whether what has this name shows in a walk alone: no path leads to it, or not surely. */
export function isNameless(path: string, name: string): boolean {
  const fault = nameFault(path, name);
  return fault === undefined ? mayHideBytes([name]) : fault !== 'reserved';
}

export function describeFault(fault: PathFault): string {
  switch (fault) {
    case 'not-unicode':
      return 'the name is not valid UTF-8';
    case 'backslash':
      return 'the name holds a backslash';
    case 'too-long':
    case 'segment-too-long':
      return 'the path is too long';
    case 'reserved':
      return 'the name is reserved for s4';
    case 'nul':
    case 'empty':
    case 'absolute':
    case 'empty-segment':
    case 'dot-segment':
      return 'the name cannot be synced';
  }
}

/** Decoding hid something: several names may have become one, and none of them can be looked up. */
export function mayHideBytes(names: readonly string[]): boolean {
  return names.some((name) => name.includes('\uFFFD'));
}

/** The names of a folder that cannot be written as text, their stray bytes shown as `\xNN`. */
export function unwritableNames(folderPath: string): readonly string[] {
  return readdirSync(folderPath, { encoding: 'buffer' })
    .filter((name) => name.toString().includes('\uFFFD'))
    .map(showBytes)
    .sort();
}

function showBytes(name: Buffer): string {
  const text = name.toString();
  if (Buffer.from(text).equals(name)) return text;
  return Array.from(name, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`,
  ).join('');
}
