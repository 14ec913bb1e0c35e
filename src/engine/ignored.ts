import type { JoinedRow } from '../sync/join.ts';
import type { PlannedOperation } from '../sync/operations.ts';
import { isFolderKey } from '../sync/path.ts';
import { sameRemoteToken } from '../sync/token.ts';
import { notice, type Session } from './session.ts';

/**
 * Paths that were synced and are ignored now. They are deleted nowhere: both sides keep theirs, and the base forgets
 * them. With `--delete-ignored` the other side's copy goes, if it is the one that the base knows.
 */
export async function settleIgnored(rows: readonly JoinedRow[], session: Session): Promise<void> {
  const forgotten = session.options.deleteIgnored === true ? rows.filter((row) => !isDeletable(row)) : rows;
  const changes = forgotten.flatMap(({ base }) =>
    base === undefined ? [] : [{ kind: 'drop' as const, key: base.key }],
  );
  if (changes.length === 0) return;
  await session.base.record({ changes });
  for (const { key } of changes) {
    notice(session, 'now-ignored', 'ignored from now on: kept on both sides, no longer synced', key);
  }
}

export function nowIgnoredOperations(
  rows: readonly JoinedRow[],
  session: Session,
): readonly PlannedOperation[] {
  if (session.options.deleteIgnored !== true) return [];
  return rows.filter(isDeletable).flatMap(({ key, base, remote }): PlannedOperation[] => {
    if (base === undefined || remote === undefined) return [];
    return [{ step: 'delete', operation: { kind: 'delete-remote', key, remote, base, ignored: true } }];
  });
}

function isDeletable({ key, base, remote }: JoinedRow): boolean {
  return (
    !isFolderKey(key) &&
    base !== undefined &&
    remote !== undefined &&
    sameRemoteToken(base.remote, remote.token)
  );
}
