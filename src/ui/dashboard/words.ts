import { assertNever } from '../../lib/assert-never.ts';
import { count } from '../../report/format.ts';
import type { Glyphs } from '../text/glyphs.ts';
import type { Token } from '../text/theme.ts';
import type { Mark, TargetView } from './state.ts';

export interface Words {
  readonly text: string;
  readonly token: Token;
}

/** What a target is doing, or what a sync would do. */
export function targetWords(target: TargetView, glyphs: Glyphs): Words {
  switch (target.activity) {
    case 'unknown':
      return { text: 'not looked at yet', token: 'dim' };
    case 'looking':
      return { text: `looking${glyphs.ellipsis}`, token: 'dim' };
    case 'seen':
      return seenWords(target, glyphs);
    case 'syncing':
      return { text: `syncing${percent(target)}`, token: 'accent' };
    case 'dirty':
      return { text: target.pending > 0 ? count(target.pending, 'change') : 'changes', token: 'update' };
    case 'backoff':
      return { text: `${glyphs.warn} tries again`, token: 'warn' };
    case 'paused':
      return { text: 'paused', token: 'dim' };
    case 'halted':
      return { text: `${glyphs.error} halted`, token: 'error' };
    case 'offline':
      return { text: `${glyphs.warn} offline`, token: 'warn' };
    case 'failed':
      return { text: `${glyphs.error} failed`, token: 'error' };
    default:
      return assertNever(target.activity);
  }
}

function seenWords(target: TargetView, glyphs: Glyphs): Words {
  const { status } = target;
  const [conflicts, problems] = [conflictsOf(target), problemsOf(target)];
  const parts: readonly (readonly [string, number])[] = [
    [glyphs.up, status?.up ?? 0],
    [glyphs.down, status?.down ?? 0],
    [glyphs.deleted, status?.deleted ?? 0],
    [glyphs.conflict, conflicts],
    [glyphs.error, problems],
  ];
  const shown = parts.filter(([, n]) => n > 0);
  if (shown.length === 0) return { text: `${glyphs.good} in sync`, token: 'good' };
  const text = shown.map(([sign, n]) => `${sign}${n}`).join(' ');
  return { text, token: conflicts + problems > 0 ? 'warn' : 'update' };
}

function percent({ progress }: TargetView): string {
  if (progress === undefined) return '';
  const { doneBytes, totalBytes, doneOperations, totalOperations } = progress;
  const done =
    totalBytes > 0 ? doneBytes / totalBytes : totalOperations > 0 ? doneOperations / totalOperations : 0;
  return ` ${Math.min(100, Math.floor(done * 100))} %`;
}

export function conflictsOf({ status, conflicts }: TargetView): number {
  return status === undefined ? conflicts : Math.max(conflicts, status.conflicts);
}

export function problemsOf({ status, problems }: TargetView): number {
  return status === undefined ? problems : Math.max(problems, status.problems);
}

/** A sign, and the words that say the same. */
export function markWords(
  mark: Mark,
  glyphs: Glyphs,
): { readonly sign: string; readonly words: string; readonly token: Token } {
  switch (mark) {
    case 'unknown':
      return { sign: ' ', words: '', token: 'dim' };
    case 'in-sync':
      return { sign: glyphs.good, words: 'in sync', token: 'good' };
    case 'here':
      return { sign: glyphs.up, words: 'changed here', token: 'update' };
    case 'there':
      return { sign: glyphs.down, words: 'changed there', token: 'update' };
    case 'deleted-here':
      return { sign: glyphs.deleted, words: 'deleted here', token: 'delete' };
    case 'deleted-there':
      return { sign: glyphs.deleted, words: 'deleted there', token: 'delete' };
    case 'conflict':
      return { sign: glyphs.conflict, words: 'conflict', token: 'warn' };
    case 'copy':
      return { sign: glyphs.conflict, words: 'conflict copy', token: 'warn' };
    case 'ignored':
      return { sign: glyphs.dot, words: 'ignored', token: 'dim' };
    case 'problem':
      return { sign: glyphs.error, words: 'problem', token: 'error' };
    default:
      return assertNever(mark);
  }
}

/** `now`, `5 min ago`, `3 h ago`, `2 d ago`; empty where nobody knows. */
export function agoWords(timeMs: number | undefined, nowMs: number): string {
  if (timeMs === undefined) return '';
  const minutes = Math.floor((nowMs - timeMs) / 60_000);
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}
