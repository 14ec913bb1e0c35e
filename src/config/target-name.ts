import { basename } from 'node:path';
import { S4Error } from '../lib/errors.ts';

/** `s4 daemon start` must not be ambiguous. */
const DAEMON_VERBS: readonly string[] = [
  'start',
  'stop',
  'status',
  'attach',
  'logs',
  'install',
  'uninstall',
  'pause',
  'resume',
];

const NAME = /^[\p{L}\p{M}\p{N} ._-]{1,64}$/u;

/** Why a name cannot be a target's, or undefined. */
export function targetNameFault(name: string): string | undefined {
  if (!NAME.test(name)) return 'it may hold letters, digits, space, ".", "_" and "-", at most 64 of them';
  if (name.startsWith('.') || name.startsWith('-')) return 'it must not start with "." or "-"';
  if (name !== name.trim()) return 'it must not start or end with a space';
  if (DAEMON_VERBS.includes(name)) return '"s4 daemon" has a command of that name';
  return undefined;
}

/** @throws S4Error USAGE */
export function checkTargetName(name: string): string {
  const fault = targetNameFault(name);
  if (fault === undefined) return name;
  throw new S4Error('USAGE', `"${name}" cannot be a target's name: ${fault}.`, {
    hint: 'Choose another one with --name.',
  });
}

/** The folder's basename, made a valid name. */
export function defaultTargetName(folder: string): string {
  const cleaned = basename(folder)
    .replace(/[^\p{L}\p{M}\p{N} ._-]/gu, '-')
    .replace(/^[.\s-]+/, '')
    .slice(0, 64)
    .trim();
  if (cleaned === '') return 'target';
  return DAEMON_VERBS.includes(cleaned) ? `${cleaned}-folder` : cleaned;
}
