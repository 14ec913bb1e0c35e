import process from 'node:process';
import type { NotifyQueue } from '../../config/notify.ts';
import { secretsOf, type TargetSettings } from '../../config/schema.ts';
import { findTarget } from '../../config/selection.ts';
import { parseStoreUrl } from '../../config/url.ts';
import type { DaemonDeps } from '../../daemon/deps.ts';
import { openEar } from '../../daemon/listen/open-ear.ts';
import { recordOwnWrites } from '../../daemon/listen/own-writes.ts';
import type { PollBounds } from '../../daemon/listen/rhythm.ts';
import { openPauses } from '../../daemon/pauses.ts';
import { RHYTHM } from '../../daemon/rhythm.ts';
import { VERSION } from '../../lib/version.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { legacyEvidence } from '../open-target.ts';
import { exitOfError, exitOfResult, keepClientId } from '../run-targets.ts';
import { accessOf } from '../services.ts';
import { placesOf } from './daemon-of.ts';

/** Two: a large first sync of one target does not keep the others waiting. */
const CONCURRENCY = 2;

export interface DaemonWishes {
  readonly bounds: PollBounds;
  readonly notify: NotifyQueue | undefined;
  readonly onNotice: (message: string) => void;
  /** Called with those of the config, each time it is read. */
  readonly onSecrets: (secrets: readonly string[]) => void;
}

/** What the daemon needs, of a command's context. No names: all targets, also those that are added later. */
export function daemonDeps(context: Context, names: readonly string[], wishes: DaemonWishes): DaemonDeps {
  const { services, flags } = context;
  const { runtime } = services;
  return {
    runtime,
    rhythm: RHYTHM,
    pid: process.pid,
    version: VERSION,
    concurrency: CONCURRENCY,
    pauses: openPauses(placesOf(context)),
    loadTargets: () => loadTargets(context, names, wishes.onSecrets),
    openFolder: (target) => services.openFolder(target.folder, { legacy: target.legacy === true }),
    openStore: async (target) =>
      recordOwnWrites(await services.openStore(accessOf(target, parseStoreUrl(target.url)), flags.limits)),
    openLive: services.openLiveTarget,
    legacyIndex: (target, sides) => legacyEvidence(context, target, sides),
    openWatcher: (target) => services.openWatcher(target.folder),
    openEar: (target, store, clientId) => {
      const { bounds, notify: queue, onNotice } = wishes;
      const open = (chosen: NotifyQueue) => services.openQueue(chosen, target);
      const notify = queue === undefined ? undefined : { queue, open, onNotice };
      return openEar({
        store,
        runtime,
        place: parseStoreUrl(target.url),
        self: clientId,
        bounds,
        notify,
      });
    },
    keepClientId: (target, clientId) => keepClientId(context, target, clientId),
    exitOfResult,
    exitOfError,
    exitInterrupted: EXIT.interrupted,
  };
}

/** @throws S4Error TARGET_UNKNOWN for a name that is none */
function loadTargets(
  context: Context,
  names: readonly string[],
  onSecrets: DaemonWishes['onSecrets'],
): readonly TargetSettings[] {
  const config = context.config.read();
  context.hide(secretsOf(config));
  onSecrets(secretsOf(config));
  return names.length === 0
    ? config.targets
    : [...new Set(names.map((name) => findTarget(name, config.targets)))];
}
