import { assertNever } from '../lib/assert-never.ts';
import { type Operation, type PlannedOperation, STEPS, type Step } from './operations.ts';
import { compareKeys, isFolderKey, keyPath, parentPath, type RelPath } from './path.ts';

/** Puts operations into steps, and each step into the order of keys (folders that go: the deepest first). */
export function orderOperations(operations: readonly Operation[]): PlannedOperation[] {
  const taken = takenNames(operations);
  const planned = operations.map((operation) => ({ step: stepOf(operation, taken), operation }));
  return planned.sort((a, b) => {
    const step = STEPS.indexOf(a.step) - STEPS.indexOf(b.step);
    if (step !== 0) return step;
    const keys = compareKeys(a.operation.key, b.operation.key);
    return a.step === 'remove-folder' || a.step === 'vacate-folder' ? -keys : keys;
  });
}

/** Names that appear on either side, and every folder above them: whatever else has such a name must go first. */
function takenNames(operations: readonly Operation[]): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const operation of operations) {
    if (stepByKind(operation) === 'delete' || stepByKind(operation) === 'remove-folder') continue;
    const path = keyPath(operation.key);
    taken.add(isFolderKey(operation.key) ? `${path}/` : path);
    for (
      let above = parentPath(path);
      above !== undefined && !taken.has(`${above}/`);
      above = parentPath(above)
    ) {
      taken.add(`${above}/`);
    }
  }
  return taken;
}

function stepOf(operation: Operation, taken: ReadonlySet<string>): Step {
  const step = stepByKind(operation);
  const path = keyPath(operation.key);
  // Whatever lies below a folder whose name becomes a file, and that folder itself.
  if (step === 'remove-folder') return isInWay(path, taken) ? 'vacate-folder' : step;
  if (step !== 'delete') return step;
  // Or a file whose name becomes a folder.
  return taken.has(`${path}/`) || isInWay(path, taken) ? 'vacate' : step;
}

function isInWay(path: RelPath, taken: ReadonlySet<string>): boolean {
  for (let at: RelPath | undefined = path; at !== undefined; at = parentPath(at)) {
    if (taken.has(at)) return true;
  }
  return false;
}

function stepByKind(operation: Operation): Step {
  switch (operation.kind) {
    case 'local-aside':
    case 'remote-aside':
      return 'vacate';
    case 'rename-local':
    case 'rename-remote':
      return 'rename';
    case 'delete-local':
    case 'delete-remote':
      return 'delete';
    case 'remove-local-folder':
    case 'remove-remote-folder':
      return 'remove-folder';
    case 'upload':
    case 'download':
    case 'mode-up':
    case 'mode-down':
    case 'keep-both':
    case 'merge':
    case 'make-local-folder':
    case 'make-remote-folder':
      return 'transfer';
    default:
      return assertNever(operation);
  }
}
