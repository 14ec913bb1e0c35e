import type { Intent } from '../engine/ports/base.ts';
import type { Expected, Placement, TrashRef } from '../engine/ports/folder.ts';
import type { ObjectKey } from '../engine/ports/store.ts';
import { assertNever } from '../lib/assert-never.ts';
import { parseKey, type RelPath } from '../sync/path.ts';
import { asObject, FormatError, type JsonObject, objectField, stringField } from './fields.ts';
import { fingerprintFromJson, fingerprintToJson } from './row-codec.ts';

export function intentToJson(intent: Intent): JsonObject {
  switch (intent.kind) {
    case 'place':
      return { kind: 'place', placement: placementToJson(intent.placement), copyPath: intent.copyPath };
    case 'remove':
      return { ...intent, expected: fingerprintToJson(intent.expected) };
    case 'rename':
      return { ...intent, expected: fingerprintToJson(intent.expected) };
    case 'unguarded-put':
      return { ...intent };
    default:
      return assertNever(intent);
  }
}

/** @throws FormatError; a name that leaves the folder or `.s4/trash` is refused here, before anything acts on it */
export function intentFromJson(value: unknown): Intent {
  const from = asObject(value, 'intent');
  const kind = from['kind'];
  switch (kind) {
    case 'place':
      return {
        kind,
        placement: placementFromJson(objectField(from, 'placement')),
        copyPath: pathField(from, 'copyPath'),
      };
    case 'remove':
      return {
        kind,
        path: pathField(from, 'path'),
        expected: fingerprintFromJson(objectField(from, 'expected')),
        ref: refField(from, 'ref'),
        copyPath: pathField(from, 'copyPath'),
      };
    case 'rename':
      return {
        kind,
        from: pathField(from, 'from'),
        to: pathField(from, 'to'),
        expected: fingerprintFromJson(objectField(from, 'expected')),
      };
    case 'unguarded-put':
      return {
        kind,
        key: stringField(from, 'key') as ObjectKey,
        write: textField(from, 'write'),
        parent: textField(from, 'parent'),
      };
    default:
      throw new FormatError('the intent is of an unknown kind');
  }
}

function placementToJson(placement: Placement): JsonObject {
  const { path, temp, expected, displaceTo } = placement;
  return {
    path,
    temp,
    expected:
      expected.kind === 'absent'
        ? { kind: 'absent' }
        : { kind: 'present', fingerprint: fingerprintToJson(expected.fingerprint) },
    displaceTo: { ...displaceTo },
  };
}

function placementFromJson(from: JsonObject): Placement {
  return {
    path: pathField(from, 'path'),
    temp: tempField(from, 'temp'),
    expected: expectedFromJson(objectField(from, 'expected')),
    displaceTo: displaceFromJson(objectField(from, 'displaceTo')),
  };
}

function expectedFromJson(from: JsonObject): Expected {
  if (from['kind'] === 'absent') return { kind: 'absent' };
  if (from['kind'] !== 'present') throw new FormatError('expected is of an unknown kind');
  return { kind: 'present', fingerprint: fingerprintFromJson(objectField(from, 'fingerprint')) };
}

function displaceFromJson(from: JsonObject): Placement['displaceTo'] {
  if (from['kind'] === 'trash') return { kind: 'trash', ref: refField(from, 'ref') };
  if (from['kind'] === 'copy') return { kind: 'copy', path: pathField(from, 'path') };
  throw new FormatError('displaceTo is of an unknown kind');
}

function pathField(from: JsonObject, name: string): RelPath {
  const parsed = parseKey(stringField(from, name));
  if (!parsed.ok || parsed.folder) throw new FormatError(`${name} is not a path`);
  return parsed.path;
}

/** A plain file name. */
function tempField(from: JsonObject, name: string): string {
  const value = stringField(from, name, 255);
  if (/[/\0]/.test(value) || value === '.' || value === '..') throw new FormatError(`${name} is not a name`);
  return value;
}

function refField(from: JsonObject, name: string): TrashRef {
  const value = stringField(from, name);
  const safe = value
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..' && !segment.includes('\0'));
  if (!safe) throw new FormatError(`${name} leaves the trash`);
  return value as TrashRef;
}

/** A string that may be empty. */
function textField(from: JsonObject, name: string): string {
  return from[name] === '' ? '' : stringField(from, name);
}
