import { assertNever } from '../lib/assert-never.ts';
import { type Operation, type PlannedOperation, takesHeldName } from '../sync/operations.ts';
import { keyPath, type RelPath } from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import type { Direction } from './events.ts';

/** The side that an operation changes: `up` the store, `down` the folder; `both` where it cannot be parted. */
export function directionOf(operation: Operation): Direction | 'both' {
  switch (operation.kind) {
    case 'upload':
    case 'delete-remote':
    case 'rename-remote':
    case 'mode-up':
    case 'make-remote-folder':
    case 'remove-remote-folder':
      return 'up';
    case 'download':
    case 'delete-local':
    case 'rename-local':
    case 'mode-down':
    case 'make-local-folder':
    case 'remove-local-folder':
      return 'down';
    case 'keep-both':
    case 'merge':
    case 'local-aside':
    case 'remote-aside':
      return 'both';
    default:
      return assertNever(operation);
  }
}

export interface OneWayPlan {
  readonly operations: readonly PlannedOperation[];
  /** What would go this way, and cannot before the other way was gone. */
  readonly waiting: readonly Problem[];
}

/**
 * The part of a plan that goes one way. A name that is vacated the other way is not vacated, and so not taken: the store
 * would hold a file and a folder of one name.
 */
export function oneWay(planned: readonly PlannedOperation[], direction: Direction): OneWayPlan {
  const goes = ({ operation }: PlannedOperation): boolean => directionOf(operation) === direction;
  const held = planned
    .filter((each) => each.step === 'vacate' && !goes(each))
    .map(({ operation }) => keyPath(operation.key));
  const going = planned.filter(goes);
  return {
    operations: going.filter((each) => !takesHeldName(each, held)),
    waiting: going
      .filter((each) => takesHeldName(each, held))
      .map(({ operation }) => waits(keyPath(operation.key), direction)),
  };
}

function waits(path: RelPath, direction: Direction): Problem {
  const [side, where] =
    direction === 'up' ? (['remote', 'in the store'] as const) : (['local', 'here'] as const);
  return {
    path,
    side,
    code: 'file-and-folder',
    message: `its name, or that of a folder above it, is taken ${where}`,
    hint: 'Run "s4 sync": it settles both sides.',
  };
}
