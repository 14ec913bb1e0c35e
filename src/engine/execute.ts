import { mapConcurrent } from '../lib/map-concurrent.ts';
import { type PlannedOperation, STEPS, takesHeldName } from '../sync/operations.ts';
import { keyPath, type RelPath } from '../sync/path.ts';
import { createCommitter } from './commit.ts';
import type { Emit } from './events.ts';
import { type OperationContext, type OperationResult, STALE } from './operations/context.ts';
import { perform } from './operations/perform.ts';
import { problemFrom } from './problem-from.ts';
import type { Tally } from './tally.ts';
import { operationView } from './views.ts';

// Enough small files in flight to hide a round trip; the store bounds the bytes of large ones.
const OPERATIONS_AT_ONCE = 32;

export interface ExecuteDeps {
  readonly target: string;
  readonly emit: Emit;
  readonly tally: Tally;
  /** The context of one operation: its bytes are reported under this id. */
  readonly contextFor: (id: number) => OperationContext;
  readonly context: OperationContext;
  readonly nextId: () => number;
}

/**
 * Carries a plan out, step by step. Results, not intentions, advance the base: what finished is recorded, also when
 * the rest fails or is interrupted. All operations under way have ended when this returns or throws.
 *
 * @returns whether something was left to a further look, and what
 * @throws S4Error STORE_* when the store as a whole fails; the signal's reason
 */
export async function execute(
  planned: readonly PlannedOperation[],
  deps: ExecuteDeps,
): Promise<{ readonly lookAgain: boolean; readonly left: readonly RelPath[] }> {
  const committer = createCommitter(deps.context);
  let lookAgain = false;
  // Names that were to be vacated, and are not: whoever took them would leave a file and a folder of one name.
  const held: RelPath[] = [];
  const left: RelPath[] = [];
  try {
    for (const step of STEPS) {
      const batch = planned.filter((operation) => operation.step === step);
      // Folders go one by one, the deepest first; everything else of a step is independent.
      const limit = step === 'remove-folder' || step === 'vacate-folder' ? 1 : OPERATIONS_AT_ONCE;
      await mapConcurrent(batch, limit, async (operation) => {
        deps.context.signal?.throwIfAborted();
        const mustWait = takesHeldName(operation, held);
        const result = await performOne(operation, deps, mustWait);
        if (result.kind === 'stale') left.push(keyPath(operation.operation.key));
        if (step === 'vacate' && result.kind !== 'done') held.push(keyPath(operation.operation.key));
        if (result.kind === 'done' ? result.lookAgain === true : result.kind === 'stale' && !mustWait)
          lookAgain = true;
        await committer.add(result);
      });
    }
  } finally {
    await committer.commit();
  }
  return { lookAgain, left };
}

async function performOne(
  { operation }: PlannedOperation,
  deps: ExecuteDeps,
  mustWait: boolean,
): Promise<OperationResult> {
  const { target, emit, tally } = deps;
  const view = operationView(operation);
  const id = deps.nextId();
  if (view !== undefined) emit({ kind: 'operation-started', target, id, operation: view });
  const result = mustWait ? STALE : await attempt(operation, deps, id);
  if (result.kind === 'failed' && tally.problem(result.problem)) {
    emit({ kind: 'problem', target, problem: result.problem });
  }
  if (view !== undefined) {
    const outcome = result.kind === 'done' ? 'done' : result.kind === 'failed' ? 'failed' : 'postponed';
    if (outcome === 'done') tally.operation(view);
    emit({ kind: 'operation-finished', target, id, operation: view, outcome });
  }
  return result;
}

async function attempt(
  operation: PlannedOperation['operation'],
  deps: ExecuteDeps,
  id: number,
): Promise<OperationResult> {
  try {
    return await perform(operation, deps.contextFor(id));
  } catch (error) {
    return { kind: 'failed', problem: problemFrom(error, operation.key) };
  }
}
