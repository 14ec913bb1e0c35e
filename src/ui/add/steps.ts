import type { Draft, StepId } from './draft.ts';
import type { AddFacts } from './facts.ts';

/** The steps that these answers lead through, in order. */
export function stepsOf(draft: Draft, facts: AddFacts): readonly StepId[] {
  if (facts.mode === 'edit') return ['folder', ...editedStore(draft), 'checks', 'name', 'policy', 'summary'];
  const store: readonly StepId[] = draft.where === 'folder' ? ['store-folder'] : serviceSteps(draft, facts);
  return ['folder', 'where', ...store, 'checks', 'name', 'policy', 'summary'];
}

function serviceSteps(draft: Draft, facts: AddFacts): readonly StepId[] {
  const asks = facts.providers.find(({ id }) => id === draft.where)?.asks ?? 'endpoint';
  const address: readonly StepId[] = asks === 'nothing' ? [] : [asks];
  // A profile may know the region; elsewhere it is part of the address.
  const opened = draft.where === 'aws' ? [...keySteps(draft), ...address] : [...address, ...keySteps(draft)];
  return [...opened, 'bucket', 'prefix'];
}

/** Another bucket would be another target. */
function editedStore(draft: Draft): readonly StepId[] {
  if (draft.where === 'folder') return [];
  return [draft.where === 'aws' ? 'region' : 'endpoint', ...keySteps(draft)];
}

function keySteps({ keys, keep }: Draft): readonly StepId[] {
  if (keys.kind !== 'typed') return ['keys'];
  return ['keys', 'key-id', 'secret', 'keep', ...(keep === 'profile' ? (['profile-name'] as const) : [])];
}
