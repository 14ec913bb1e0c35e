import { createCopyNames } from '../copy-names.ts';
import { contextOf, problem, type Session } from '../session.ts';
import { fulfil, wishPath } from './fulfil.ts';

/** What is wanted of the past is done before a cycle looks, which then publishes it. */
export async function fulfilFirst(session: Session): Promise<void> {
  const { deps, options } = session;
  const { wishes = [] } = options;
  if (options.mode !== 'sync' || wishes.length === 0) return;
  const names = createCopyNames(deps.folder, deps.store.prefixBytes, () => false);
  await fulfil(wishes, contextOf(session, new Map(), names), (fulfilled) => {
    if (fulfilled.kind === 'failed') return problem(session, fulfilled.problem);
    if (fulfilled.action === 'same') return;
    const kind = fulfilled.action === 'create' ? 'create' : 'update';
    const operation = { kind, direction: 'down', path: wishPath(fulfilled.wish) } as const;
    const id = session.nextOperationId++;
    deps.emit({ kind: 'operation-finished', target: deps.target.name, id, operation, outcome: 'done' });
  });
}
