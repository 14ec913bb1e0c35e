import { S4Error } from '../../lib/errors.ts';
import { createCopyNames } from '../copy-names.ts';
import type { CycleDeps } from '../cycle.ts';
import type { NoticeCode } from '../events.ts';
import { checkIdentity } from '../identity.ts';
import type { OperationContext } from '../operations/context.ts';
import { hostLookup } from '../publish.ts';
import { recover } from '../recover.ts';
import { openBase } from '../state/open-base.ts';
import { trustedCapabilities } from '../trusted-capabilities.ts';

export interface LockedDeps extends Pick<CycleDeps, 'target' | 'store' | 'folder' | 'runtime'> {
  readonly notice: (code: NoticeCode, path: string, message: string) => void;
  readonly onBytes?: (bytes: number) => void;
  /** The store is not asked whether it is the target's: for what concerns the folder alone. */
  readonly offline?: true;
  readonly signal?: AbortSignal;
}

const LOCK_WAIT_MS = 3_000;

/**
 * Changes the folder outside of a cycle: locked, identified, recovered. The base is there for intents, and to be asked
 * what this folder has seen of the store; what is changed here is published by the next sync, as a user's edit is.
 *
 * @throws S4Error LOCKED; USAGE when the folder was not synced yet, or its base is mere evidence; as `checkIdentity`
 */
export async function withLockedBase<T>(
  deps: LockedDeps,
  work: (context: OperationContext) => Promise<T>,
): Promise<T> {
  const { folder, signal } = deps;
  const outcome = await folder.lock({ waitMs: LOCK_WAIT_MS, ...(signal && { signal }) });
  if (outcome.kind === 'busy') throw locked(folder.root, outcome);
  try {
    const context = await openContext(deps);
    await recover(context);
    return await work(context);
  } finally {
    await outcome.release();
  }
}

async function openContext(deps: LockedDeps): Promise<OperationContext> {
  const { target, store, folder, runtime, notice, signal } = deps;
  // `preview`: a new client id is for a sync to take.
  const identity =
    deps.offline === true
      ? undefined
      : await checkIdentity({ store, folder, target, runtime, mode: 'preview', ...(signal && { signal }) });
  const where = { state: folder.state, targetId: target.id, clientId: target.clientId };
  const { trust } = await openBase({ ...where, mode: 'read' });
  if (trust !== 'sound' || identity?.kind === 'new-client') throw syncFirst(target.name);
  const hostOf = hostLookup(deps, target.clientId, signal);
  return {
    folder,
    store,
    base: await openBase({ ...where, mode: 'write' }),
    runtime,
    capabilities: trustedCapabilities(target.capabilities, identity?.versioned === true),
    clientId: target.clientId,
    evidence: new Map(),
    copyNames: createCopyNames(folder, store.prefixBytes, () => false),
    respelled: new Set(),
    seenInTheWay: new Map(),
    hostOf: async (client) => (await hostOf(client)) ?? 'other',
    notice,
    publish: () => {},
    onBytes: (_, bytes) => deps.onBytes?.(bytes),
    ...(signal && { signal }),
  };
}

function syncFirst(name: string): S4Error {
  return new S4Error('USAGE', `"${name}" has to be synced first`, {
    hint: `Run "s4 sync ${name}" first.`,
  });
}

function locked(root: string, busy: { readonly owner: string; readonly foreignHost: boolean }): S4Error {
  return new S4Error('LOCKED', `another s4 works on this folder: ${busy.owner}`, {
    hint: busy.foreignHost
      ? 'It runs on another machine. If that one is gone, remove the newest .s4/lock.* of the folder.'
      : 'Wait for it to end. If it is the daemon: "s4 daemon stop", and start it again afterwards.',
    data: { folder: root },
  });
}
