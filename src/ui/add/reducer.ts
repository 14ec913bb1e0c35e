import type { Draft, StepId } from './draft.ts';
import type { AddFacts, Trouble } from './facts.ts';
import { stepsOf } from './steps.ts';

export interface AddState {
  readonly draft: Draft;
  readonly step: StepId;
  /** Steps that have been answered; a repaired one leads on to the next that has not. */
  readonly answered: readonly StepId[];
  /** Where a repair came from. */
  readonly returnTo?: StepId;
  /** What is wrong with the answer of this step. */
  readonly trouble?: Trouble;
}

export type AddAction =
  /** Typed, not yet answered: kept when one goes back. */
  | { readonly kind: 'typed'; readonly patch: Partial<Draft> }
  | { readonly kind: 'answered'; readonly patch: Partial<Draft> }
  | { readonly kind: 'refused'; readonly trouble: Trouble }
  | { readonly kind: 'back' }
  /** Repairs an earlier answer, and comes back. */
  | { readonly kind: 'repair'; readonly step: StepId }
  /** The same step again, otherwise. */
  | { readonly kind: 'changed'; readonly patch: Partial<Draft> };

export function startOf(draft: Draft): AddState {
  return { draft, step: 'folder', answered: [] };
}

/** Pure: one answer, one step. */
export function addStep(state: AddState, action: AddAction, facts: AddFacts): AddState {
  switch (action.kind) {
    case 'typed':
      return without({ ...state, draft: { ...state.draft, ...action.patch } });
    case 'changed':
      return without({ ...state, draft: merged(state, action.patch) });
    case 'refused':
      return { ...state, trouble: action.trouble };
    case 'answered':
      return onwards(without({ ...state, draft: merged(state, action.patch) }), facts);
    case 'back':
      return backwards(without(state), facts);
    case 'repair':
      return { ...without(state), step: action.step, returnTo: state.step };
  }
}

/** True on the first step: there is nothing to go back to. */
export function isFirst(state: AddState, facts: AddFacts): boolean {
  return stepsOf(state.draft, facts)[0] === state.step;
}

/** What belonged to another service or another key must not be taken along. */
function merged({ draft }: AddState, patch: Partial<Draft>): Draft {
  const next = { ...draft, ...patch };
  if (next.where === draft.where) return next;
  return {
    ...next,
    account: '',
    region: '',
    endpoint: '',
    createBucket: false,
    enableVersioning: false,
  };
}

const KEY_STEPS: readonly StepId[] = ['key-id', 'secret', 'keep', 'profile-name'];

function onwards(state: AddState, facts: AddFacts): AddState {
  const steps = stepsOf(state.draft, facts);
  const kept =
    state.step === 'keys' ? state.answered.filter((id) => !KEY_STEPS.includes(id)) : state.answered;
  const answered = kept.includes(state.step) ? kept : [...kept, state.step];
  const next = steps[steps.indexOf(state.step) + 1] ?? state.step;
  const { returnTo, ...rest } = state;
  if (returnTo === undefined) return { ...rest, answered, step: next };
  const isDone = next === returnTo || answered.includes(next);
  return isDone ? { ...rest, answered, step: returnTo } : { ...rest, answered, step: next, returnTo };
}

function backwards(state: AddState, facts: AddFacts): AddState {
  const steps = stepsOf(state.draft, facts);
  const { returnTo: _, ...rest } = state;
  return { ...rest, step: steps[Math.max(0, steps.indexOf(state.step) - 1)] ?? state.step };
}

function without(state: AddState): AddState {
  const { trouble: _, ...rest } = state;
  return rest;
}
