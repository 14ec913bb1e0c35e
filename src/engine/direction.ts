import { assertNever } from '../lib/assert-never.ts';
import type { Operation } from '../sync/operations.ts';
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
