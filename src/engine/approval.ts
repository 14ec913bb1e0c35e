import { createHash } from 'node:crypto';
import { guardedLine } from '../sync/guards.ts';
import type { Operation } from '../sync/operations.ts';
import type { StateFiles } from './ports/folder.ts';

const FILE = 'halted.json';
// Enough that two plans of one target do not share an id; short enough to type.
const ID_DIGITS = 10;

/** The id of the guarded part of a plan: equal operations with equal expected states give the equal id. */
export function planId(guarded: readonly Operation[]): string {
  return idOf(linesOf(guarded));
}

function linesOf(guarded: readonly Operation[]): string[] {
  return guarded.map(guardedLine).sort();
}

function idOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, ID_DIGITS);
}

/** Remembers what was shown, so that an approval of it also covers what is left of it later. */
export async function rememberHalt(state: StateFiles, guarded: readonly Operation[]): Promise<string> {
  const lines = linesOf(guarded);
  const id = idOf(lines);
  await state.replace(FILE, [Buffer.from(`${JSON.stringify({ version: 1, id, guarded: lines })}\n`)]);
  return id;
}

/** Does an approval cover a plan: is it that plan, or any subset of the one that was shown under this id? */
export async function isApproved(
  state: StateFiles,
  approval: string,
  guarded: readonly Operation[],
): Promise<boolean> {
  if (planId(guarded) === approval) return true;
  const shown = await readShown(state);
  if (shown === undefined || idOf(shown) !== approval) return false;
  const covered = new Set(shown);
  return linesOf(guarded).every((line) => covered.has(line));
}

/** An approval is used once. */
export async function forgetHalt(state: StateFiles): Promise<void> {
  await state.remove(FILE);
}

async function readShown(state: StateFiles): Promise<readonly string[] | undefined> {
  const bytes = await state.read(FILE);
  if (bytes === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('guarded' in parsed)) return undefined;
    const { guarded } = parsed;
    return Array.isArray(guarded) && guarded.every((line) => typeof line === 'string') ? guarded : undefined;
  } catch {
    // A damaged file approves nothing: the plan halts again and is shown anew.
    return undefined;
  }
}
