import { type ConflictDeskOptions, createConflictDesk } from './conflict-desk.ts';
import { conflictPrompt } from './conflict-prompt.ts';
import type { Context } from './context.ts';
import type { RunTargets } from './run-targets.ts';
import type { SyncDesk } from './sync-desk.ts';

/** Who is asked about conflicts: a screen, else questions line by line, else nobody. */
export function decideBy(
  context: Context,
  desk: Pick<SyncDesk, 'aside'> | undefined,
  { choicesOnly = false }: Pick<ConflictDeskOptions, 'choicesOnly'> = {},
): Pick<RunTargets, 'decide'> {
  const { prompter, out, terminal } = context;
  if (desk !== undefined && terminal !== undefined)
    return { decide: createConflictDesk({ context, terminal, aside: desk.aside, choicesOnly }) };
  if (prompter === undefined) return {};
  return {
    decide: (sides) => conflictPrompt({ prompter, sides, paint: out.promptPaint, write: out.prompt }),
  };
}
