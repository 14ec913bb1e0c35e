import { createHash } from 'node:crypto';
import * as z from 'zod';
import { guardedLine } from '../sync/guards.ts';
import type { Operation } from '../sync/operations.ts';
import type { StateFiles } from './ports/folder.ts';

const FILE = 'halted.json';
const PLANS_KEPT = 8;
// Enough that two plans of one target do not share an id; short enough to type.
const ID_DIGITS = 10;

interface ShownPlan {
  readonly id: string;
  readonly guarded: readonly string[];
}

/** The id of the guarded part of a plan: equal operations with equal expected states give the equal id. */
export function planId(guarded: readonly Operation[]): string {
  return idOf(linesOf(guarded));
}

function linesOf(guarded: readonly Operation[]): string[] {
  return guarded.map(guardedLine).sort();
}

/** As JSON: a name may hold line ends, and read as another operation. */
function idOf(lines: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(lines)).digest('hex').slice(0, ID_DIGITS);
}

/**
 * Remembers what was shown, so that an approval of it also covers what is left of it later. The last few plans are
 * kept: another halt in between (a daemon's, another path's) does not take back what a person is looking at.
 */
export async function rememberHalt(state: StateFiles, guarded: readonly Operation[]): Promise<string> {
  const lines = linesOf(guarded);
  const id = idOf(lines);
  const others = (await readShown(state)).filter((plan) => plan.id !== id);
  const plans = [{ id, guarded: lines }, ...others].slice(0, PLANS_KEPT);
  await state.replace(FILE, [Buffer.from(`${JSON.stringify({ version: 1, plans })}\n`)]);
  return id;
}

/** Does an approval cover a plan: is it that plan, or any subset of the one that was shown under this id? */
export async function isApproved(
  state: StateFiles,
  approval: string,
  guarded: readonly Operation[],
): Promise<boolean> {
  if (planId(guarded) === approval) return true;
  const shown = (await readShown(state)).find((plan) => plan.id === approval);
  if (shown === undefined || idOf(shown.guarded) !== approval) return false;
  const covered = new Set(shown.guarded);
  return linesOf(guarded).every((line) => covered.has(line));
}

/** An approval is used once, and what was shown before it is of another moment. */
export async function forgetHalt(state: StateFiles): Promise<void> {
  await state.remove(FILE);
}

const shownSchema = z.object({
  version: z.literal(1),
  plans: z.array(z.object({ id: z.string(), guarded: z.array(z.string()) })),
});

async function readShown(state: StateFiles): Promise<readonly ShownPlan[]> {
  const bytes = await state.read(FILE);
  if (bytes === undefined) return [];
  try {
    return shownSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))).plans;
  } catch {
    // A damaged file approves nothing: the plan halts again and is shown anew.
    return [];
  }
}
