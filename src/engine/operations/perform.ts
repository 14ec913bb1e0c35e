import { assertNever } from '../../lib/assert-never.ts';
import type { Operation } from '../../sync/operations.ts';
import type { OperationContext, OperationResult } from './context.ts';
import { download } from './download.ts';
import { makeLocalFolder, makeRemoteFolder, removeLocalFolder, removeRemoteFolder } from './folders.ts';
import { keepBoth, localAside, remoteAside } from './keep-both.ts';
import { placeMerged } from './merge.ts';
import { modeDown, modeUp } from './mode.ts';
import { deleteLocal, deleteRemote } from './remove.ts';
import { renameLocal, renameRemote } from './rename.ts';
import { upload } from './upload.ts';

/** Carries out one operation, after looking once more at what it expects. Files in this folder are its verbs. */
export function perform(operation: Operation, context: OperationContext): Promise<OperationResult> {
  switch (operation.kind) {
    case 'upload':
      return upload(operation, context);
    case 'download':
      return download(operation, context);
    case 'delete-local':
      return deleteLocal(operation, context);
    case 'delete-remote':
      return deleteRemote(operation, context);
    case 'rename-local':
      return renameLocal(operation, context);
    case 'rename-remote':
      return renameRemote(operation, context);
    case 'mode-up':
      return modeUp(operation, context);
    case 'mode-down':
      return modeDown(operation, context);
    case 'keep-both':
      return keepBoth(operation, context);
    case 'merge':
      return placeMerged(operation, context);
    case 'local-aside':
      return localAside(operation, context);
    case 'remote-aside':
      return remoteAside(operation, context);
    case 'make-local-folder':
      return makeLocalFolder(operation, context);
    case 'make-remote-folder':
      return makeRemoteFolder(operation, context);
    case 'remove-local-folder':
      return removeLocalFolder(operation, context);
    case 'remove-remote-folder':
      return removeRemoteFolder(operation, context);
    default:
      return assertNever(operation);
  }
}
