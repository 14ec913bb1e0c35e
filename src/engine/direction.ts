import { assertNever } from '../lib/assert-never.ts';
import { type Operation, type PlannedOperation, takesHeldName } from '../sync/operations.ts';
import { keyPath } from '../sync/path.ts';
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

/**
 * The part of a plan that goes one way. A name that is vacated the other way is not vacated, and so not taken: the store
 * would hold a file and a folder of one name.
 */
export function oneWay(
  planned: readonly PlannedOperation[],
  direction: Direction,
): readonly PlannedOperation[] {
  const goes = ({ operation }: PlannedOperation): boolean => directionOf(operation) === direction;
  const held = planned
    .filter((each) => each.step === 'vacate' && !goes(each))
    .map(({ operation }) => keyPath(operation.key));
  return planned.filter((each) => goes(each) && !takesHeldName(each, held));
}
