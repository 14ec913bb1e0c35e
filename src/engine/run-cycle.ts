import { S4Error } from '../lib/errors.ts';
import { forgetHalt } from './approval.ts';
import { createCopyNames } from './copy-names.ts';
import type { CycleDeps, CycleOptions, CycleResult } from './cycle.ts';
import { checkIdentity, renewClient } from './identity.ts';
import { changedRules, remoteRules, syncRules } from './ignore-first.ts';
import { type PassOutcome, runPass } from './pass.ts';
import type { Base } from './ports/base.ts';
import { hostLookup, publishFacts } from './publish.ts';
import { recover } from './recover.ts';
import { type ExtraRules, type Scan, scan } from './scan.ts';
import { contextOf, notice, problem, type Session } from './session.ts';
import type { OpenedBase } from './state/base.ts';
import { openBase } from './state/open-base.ts';
import { createTally } from './tally.ts';
import { trustedCapabilities } from './trusted-capabilities.ts';

// A pass that leaves something to look at again is rare (an edit or another client in the same second); what moves
// for longer than this waits for the next run, and is said.
const MAX_PASSES = 4;
const LOCK_WAIT_MS = 3_000;
const TRASH_MIN_AGE_MS = 30 * 24 * 60 * 60 * 1000;
const TRASH_MAX_BYTES = 10 * 1024 ** 3;

/**
 * One cycle over a target: recover, look at both sides and the base, reconcile, plan, ask the guards, execute, advance
 * the base, publish; again while something was left to a further look.
 *
 * @throws S4Error for what concerns the target as a whole: STORE_*, MARKER_*, FOLDER_MISSING, LOCKED, STATE_*
 */
export async function runCycle(deps: CycleDeps, options: CycleOptions): Promise<CycleResult> {
  const { target, folder, store, emit } = deps;
  const dryRun = options.mode === 'preview';
  const startedMs = deps.runtime.nowMs();
  const tally = createTally();
  const requestsBefore = new Map(store.requests);
  emit({ kind: 'cycle-started', target: target.name, local: folder.root, remote: store.url, dryRun });
  const summary = () =>
    tally.summary(newRequests(store.requests, requestsBefore), deps.runtime.nowMs() - startedMs);
  const release = dryRun ? undefined : await lock(deps, options);
  try {
    const session = await openSession(deps, options, tally);
    const outcome = await runPasses(session);
    if (outcome.kind === 'halted') return outcome;
    if (!dryRun) await finish(session);
    emit({ kind: 'cycle-finished', target: target.name, summary: summary(), dryRun });
    return { kind: 'synced', summary: summary() };
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    return { kind: 'interrupted', summary: summary() };
  } finally {
    await release?.();
  }
}

async function lock({ folder }: CycleDeps, options: CycleOptions): Promise<() => Promise<void>> {
  const outcome = await folder.lock({
    waitMs: LOCK_WAIT_MS,
    ...(options.signal && { signal: options.signal }),
  });
  if (outcome.kind === 'locked') return outcome.release;
  throw new S4Error('LOCKED', `another s4 works on this folder: ${outcome.owner}`, {
    hint: outcome.foreignHost
      ? 'It runs on another machine. If that one is gone, remove the newest .s4/lock.* of the folder.'
      : 'Wait for it to end, or stop it.',
    data: { folder: folder.root },
  });
}

async function openSession(
  deps: CycleDeps,
  options: CycleOptions,
  tally: Session['tally'],
): Promise<Session> {
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
  const session: Session = {
    deps: { ...deps, target: { ...target, capabilities } },
    options,
    base,
    clientId,
    tally,
    resolutions: new Map(),
    facts: [],
    hostOf: hostLookup(deps, clientId, options.signal),
    nextOperationId: 1,
    approvalUsed: false,
  };
  sayTrust(base, session);
  if (options.mode === 'sync') await recoverFolder(session);
  return session;
}

function openAs(clientId: string, { folder, target }: CycleDeps, options: CycleOptions): Promise<OpenedBase> {
  const mode = options.mode === 'sync' ? 'write' : 'read';
  return openBase({ state: folder.state, targetId: target.id, clientId, mode });
}

function sayTrust(base: OpenedBase, session: Session): void {
  const union = 'both sides are united, nothing is deleted';
  if (base.trust === 'missing') notice(session, 'first-sync', `first sync: ${union}`);
  if (base.trust === 'lost')
    notice(session, 'index-lost', `the index cannot be used (${base.doubt}): ${union}`);
  if (base.trust === 'evidence') {
    notice(session, 'index-copied', `the index is a copy or of another moment (${base.doubt}): ${union}`);
  }
}

async function recoverFolder(session: Session): Promise<void> {
  const { folder, store } = session.deps;
  await recover(
    contextOf(
      session,
      new Map(),
      createCopyNames(folder, store.prefixBytes, () => false),
    ),
  );
}

async function runPasses(session: Session): Promise<PassOutcome> {
  for (let pass = 1; ; pass++) {
    const outcome = await runPass(await look(session), session);
    if (outcome.kind === 'halted' || !outcome.lookAgain) return outcome;
    if (pass === MAX_PASSES) {
      notice(session, 'postponed', 'some files keep changing: they are left for the next sync');
      return outcome;
    }
  }
}

/** Scans; if the other side changed ignore rules, those are synced first and both sides looked at again. */
async function look(session: Session): Promise<Scan> {
  const found = await scanWith(new Map(), session);
  const rules = changedRules(found);
  if (rules.length === 0) return found;
  if (session.options.mode === 'sync') {
    await syncRules(found, rules, session);
    const again = await scanWith(new Map(), session);
    const open = changedRules(again);
    return open.length === 0 ? again : scanWith(await remoteRules(open, session), session);
  }
  return scanWith(await remoteRules(rules, session), session);
}

async function scanWith(extraRules: ReadonlyMap<string, ExtraRules>, session: Session): Promise<Scan> {
  const { deps, options, base } = session;
  const only = options.paths?.length === 1 ? options.paths[0] : undefined;
  const found = await scan(deps.folder, deps.store, trusted(base), {
    distrustStat: options.checksum === true,
    extraRules,
    ...(only !== undefined && { under: only }),
    ...(options.signal && { signal: options.signal }),
  });
  for (const { path, message } of found.notices) notice(session, 'special-file', message, path);
  for (const trouble of found.problems) problem(session, trouble);
  const { target, emit } = deps;
  emit({ kind: 'scanned', target: target.name, side: 'local', entries: found.counts.localFiles });
  emit({ kind: 'scanned', target: target.name, side: 'remote', entries: found.counts.remoteFiles });
  return found;
}

/** Rows that are mere evidence prove no deletion: both sides are compared as if they met for the first time (H3). */
function trusted(base: Base): Pick<Base, 'rows'> {
  return base.trust === 'sound' ? base : { rows: async function* () {} };
}

async function finish(session: Session): Promise<void> {
  const { deps, options, base } = session;
  await base.flush();
  const whole = (options.paths ?? []).length === 0 && options.direction === undefined;
  await base.fold({ force: base.trust !== 'sound' && whole });
  deps.emit({ kind: 'index-flushed', target: deps.target.name });
  if (session.approvalUsed) await forgetHalt(deps.folder.state);
  await publishFacts(session);
  const purged = await deps.folder.purgeTrash({
    olderThanMs: TRASH_MIN_AGE_MS,
    maxBytes: TRASH_MAX_BYTES,
    nowMs: deps.runtime.nowMs(),
  });
  for (const path of purged)
    notice(session, 'recovered', 'it was written to after it was replaced: it is back', path);
}

function newRequests(
  now: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): Readonly<Record<string, number>> {
  const made: Record<string, number> = {};
  for (const [operation, count] of now) {
    const since = count - (before.get(operation) ?? 0);
    if (since > 0) made[operation] = since;
  }
  return made;
}
