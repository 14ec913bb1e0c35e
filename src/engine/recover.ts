import { assertNever } from '../lib/assert-never.ts';
import { type Fingerprint, sameMovedFile } from '../sync/entry.ts';
import type { RelPath } from '../sync/path.ts';
import { pathOf } from './keys.ts';
import type { OperationContext } from './operations/context.ts';
import { recoverOvertaken } from './overtaken.ts';
import type { Intent } from './ports/base.ts';
import type { TrashRef } from './ports/folder.ts';

/**
 * Brings the folder back to a known state before anyone looks at it (H1): every intent that a crash left open is
 * either done, and closed, or undone. Nothing that was moved away stays without a name: what lies in the trash and is
 * not what was expected there, or has no successor, comes back.
 *
 * @throws S4Error when the folder or the store cannot be used; the intents stay open for the next start
 */
export async function recover(context: OperationContext): Promise<void> {
  const pending = context.base.pending;
  if (pending.length > 0) {
    for (const { intent } of pending) await recoverIntent(intent, context);
    await context.folder.sync();
    await context.base.record({ finished: pending.map(({ id }) => id) });
    await context.base.flush();
  }
  await context.folder.cleanTemp(new Set());
}

async function recoverIntent(intent: Intent, context: OperationContext): Promise<void> {
  switch (intent.kind) {
    case 'place': {
      const { path, displaceTo, expected } = intent.placement;
      // A conflict's local version lies under the copy's name or its own: both are files that the next walk finds.
      if (displaceTo.kind === 'copy' || expected.kind === 'absent') return;
      const { ref } = displaceTo;
      const { fingerprint } = expected;
      return giveBack(
        { path, ref, copyPath: intent.copyPath, expected: fingerprint, absentIsDone: false },
        context,
      );
    }
    case 'remove':
      return giveBack({ ...intent, absentIsDone: true }, context);
    case 'rename':
      // Both names may be there, of one file: the walk sees a copy, and the old name is settled like any other file.
      return;
    case 'unguarded-put': {
      // Not what the base says by now: the same run may have forgotten the row after the write.
      const since = intent.parent === '' ? {} : { since: intent.parent };
      const own = intent.write === '' ? { deleted: true } : { write: intent.write };
      await recoverOvertaken({ key: intent.key, path: pathOf(intent.key), ...since, ...own }, context);
      return;
    }
    default:
      return assertNever(intent);
  }
}

interface Displaced {
  readonly path: RelPath;
  readonly ref: TrashRef;
  readonly copyPath: RelPath;
  readonly expected: Fingerprint;
  /** Whether the expected state, safe in the trash, is where it belongs. */
  readonly absentIsDone: boolean;
}

async function giveBack(displaced: Displaced, context: OperationContext): Promise<void> {
  const { folder } = context;
  const { path, ref, copyPath, expected, absentIsDone } = displaced;
  const inTrash = await folder.trashStat(ref);
  if (inTrash === undefined || inTrash.kind === 'folder' || inTrash.kind === 'other') return;
  const isExpected = sameMovedFile(inTrash.fingerprint, expected);
  const now = await folder.stat(path);
  if (isExpected && (now !== undefined || absentIsDone)) return;
  const outcome = await folder.restoreFromTrash(ref, path, copyPath);
  if (outcome === 'copied') {
    context.notice(
      'recovered',
      path,
      `an interrupted run had moved an edit of it away: it is back as ${copyPath}`,
    );
  } else if (outcome === 'restored') {
    context.notice('recovered', path, 'an interrupted run had moved it away: it is back');
  }
}
