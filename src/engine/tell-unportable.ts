import { portabilityNotice } from '../sync/names.ts';
import type { PlannedOperation } from '../sync/operations.ts';
import { keyPath } from '../sync/path.ts';
import { notice, type Session } from './session.ts';

/** A folder of mails has thousands of them. */
const MAX_NAMED = 10;

/** Names that go up for the first time, and that another system could not hold: they are synced all the same. */
export function tellUnportable(planned: readonly PlannedOperation[], session: Session): void {
  const found = planned.flatMap(({ operation }) => {
    const isNew =
      operation.kind === 'rename-remote' || (operation.kind === 'upload' && operation.replaces === undefined);
    if (!isNew) return [];
    const path = keyPath(operation.local.key);
    const message = path.split('/').flatMap((name) => portabilityNotice(name) ?? [])[0];
    return message === undefined ? [] : [{ path, message }];
  });
  for (const { path, message } of found.slice(0, MAX_NAMED)) notice(session, 'portability', message, path);
  if (found.length > MAX_NAMED)
    notice(session, 'portability', `${found.length - MAX_NAMED} more such names: Windows cannot hold them`);
}
