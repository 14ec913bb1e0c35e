import { createCopyNames } from './copy-names.ts';
import type { CycleDeps, CycleOptions } from './cycle.ts';
import type { NoticeCode } from './events.ts';
import { checkIdentity, renewClient } from './identity.ts';
import type { Base } from './ports/base.ts';
import { hostLookup } from './publish.ts';
import { recover } from './recover.ts';
import { contextOf, type Session } from './session.ts';
import type { OpenedBase } from './state/base.ts';
import { openBase } from './state/open-base.ts';
import { createTally, type Tally } from './tally.ts';
import { trustedCapabilities } from './trusted-capabilities.ts';
import { oweUnrecorded } from './unrecorded.ts';

/** Both sides are known for what they claim to be, and the base that belongs to them is open. */
export interface OpenedTarget {
  /** With the capabilities that may be relied on. */
  readonly deps: CycleDeps;
  readonly base: OpenedBase;
  readonly clientId: string;
}

type OpenOptions = Pick<CycleOptions, 'mode' | 'signal'>;

/**
 * Checks identity and opens the base; in a sync, recovers what a crash left open (which needs the lock).
 *
 * @throws S4Error MARKER_*, STORE_*, STATE_*
 */
export async function openTarget(deps: CycleDeps, options: OpenOptions): Promise<OpenedTarget> {
  const { target, folder, store, runtime } = deps;
  const signal = options.signal ? { signal: options.signal } : {};
  const check = { store, folder, target, runtime, mode: options.mode, ...signal };
  const identity = await checkIdentity(check);
  let clientId = identity.kind === 'ok' ? target.clientId : identity.clientId;
  let base = await openAs(clientId, deps, options);
  if (base.doubt === 'marker-moved') {
    clientId = await renewClient(check);
    base = await openAs(clientId, deps, options);
  }
  if (clientId !== target.clientId && options.mode === 'sync') await deps.onNewClient?.(clientId);
  const capabilities = trustedCapabilities(target.capabilities, identity.versioned);
  const opened = { deps: { ...deps, target: { ...target, capabilities } }, base, clientId };
  sayTrust(base, deps);
  if (options.mode === 'sync') {
    await oweUnrecorded(base);
    await recoverOpened(opened, options);
  }
  return opened;
}

function openAs(clientId: string, { folder, target }: CycleDeps, options: OpenOptions): Promise<OpenedBase> {
  const mode = options.mode === 'sync' ? 'write' : 'read';
  return openBase({ state: folder.state, targetId: target.id, clientId, mode });
}

function sayTrust(base: OpenedBase, { emit, target }: CycleDeps): void {
  const union = 'both sides are united, nothing is deleted';
  const say = (code: NoticeCode, message: string): void =>
    emit({ kind: 'notice', target: target.name, code, message: `${message}: ${union}` });
  if (base.trust === 'missing') say('first-sync', 'first sync');
  if (base.trust === 'lost') say('index-lost', `the index cannot be used (${base.doubt})`);
  if (base.trust === 'evidence')
    say('index-copied', `the index is a copy or of another moment (${base.doubt})`);
}

/** Finishes or undoes the intents that are open. @throws S4Error; they stay open for the next try */
export async function recoverOpened(opened: OpenedTarget, options: OpenOptions): Promise<void> {
  const { folder, store } = opened.deps;
  const session = createSession(opened, options, createTally());
  const names = createCopyNames(folder, store.prefixBytes, () => false);
  await recover(contextOf(session, new Map(), names));
}

/** A fresh session: one cycle over an open target. */
export function createSession(
  opened: OpenedTarget,
  options: CycleOptions,
  tally: Tally,
  storeIsOurs: Session['storeIsOurs'] = async () => {},
): Session {
  const { deps, clientId } = opened;
  return {
    ...opened,
    options,
    tally,
    resolutions: new Map(),
    seenInTheWay: new Map(),
    facts: [],
    named: new Set(),
    storeIsOurs,
    hostOf: hostLookup(deps, clientId, options.signal),
    nextOperationId: 1,
    approvalUsed: false,
  };
}

/** Rows that are mere evidence prove no deletion: both sides are compared as if they met for the first time (H3). */
export function trusted(base: Base): Pick<Base, 'rows'> {
  return base.trust === 'sound' ? base : { rows: async function* () {} };
}
