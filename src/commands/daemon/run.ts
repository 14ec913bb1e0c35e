import process from 'node:process';
import { parseNotify } from '../../config/notify.ts';
import { type InstanceLock, lockInstance } from '../../daemon/instance-lock.ts';
import { POLL_BOUNDS, type PollBounds } from '../../daemon/listen/rhythm.ts';
import { createDaemonLog, type DaemonLog } from '../../daemon/log.ts';
import { openLogFile } from '../../daemon/log-file.ts';
import type { Notice } from '../../daemon/notices/decide.ts';
import { showOnDesktop } from '../../daemon/notices/desktop.ts';
import type { DaemonPlaces } from '../../daemon/places.ts';
import { type Presence, presentDaemon } from '../../daemon/presence.ts';
import { type Supervisor, startSupervisor } from '../../daemon/supervisor.ts';
import { S4Error } from '../../lib/errors.ts';
import { VERSION } from '../../lib/version.ts';
import { count } from '../../report/format.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { placesOf } from './daemon-of.ts';
import { daemonDeps } from './deps.ts';
import type { ForegroundFlags } from './foreground-args.ts';
import { daemonOutput } from './output.ts';

export interface RunFlags extends ForegroundFlags {
  /** Says nothing: the log does. */
  readonly background?: boolean;
}

/** Whoever asked for the end is told within ten seconds. */
const STOP_WITHIN_MS = 9_000;

/**
 * `s4 daemon [TARGET...]`: keeps targets in sync until it is told to end (SIGTERM, Ctrl-C), which is its success.
 *
 * @throws S4Error LOCKED when a daemon runs for this configuration; CONFIG_INVALID, TARGET_UNKNOWN
 */
export async function runDaemon(
  context: Context,
  names: readonly string[],
  flags: RunFlags,
): Promise<ExitCode> {
  const bounds = boundsOf(flags);
  const notify = flags.notify === undefined ? undefined : parseNotify(flags.notify);
  const places = placesOf(context);
  const lock = lockInstance(places, context.services.runtime.host);
  try {
    const file = openLogFile({ path: places.log });
    try {
      const log = createDaemonLog(file, { debug: context.flags.debug });
      const wishes = { bounds, notify, onNotice: log.info, onSecrets: log.hide };
      const supervisor = startSupervisor(daemonDeps(context, names, wishes));
      log.info('started', { version: VERSION, process: process.pid });
      try {
        await serve({ context, supervisor, log, lock, places, flags });
      } catch (error) {
        log.error(error);
        throw error;
      }
      log.info('stopped', { by: context.signal.aborted ? 'signal' : 'request' });
      return EXIT.done;
    } finally {
      file.close();
    }
  } finally {
    lock.release();
  }
}

interface Serving {
  readonly context: Context;
  readonly supervisor: Supervisor;
  readonly log: DaemonLog;
  readonly lock: InstanceLock;
  readonly places: DaemonPlaces;
  readonly flags: RunFlags;
}

/** Until a signal, or somebody over the socket, asks for the end. */
async function serve(serving: Serving): Promise<void> {
  const { context, supervisor, log, flags } = serving;
  const ending = new AbortController();
  const say = flags.background === true ? () => {} : daemonOutput(context.out);
  const listening = supervisor.subscribe((event) => {
    log.take(event);
    say(event);
  }, ending.signal);
  const presence = await present(serving);
  const forgetHangup = context.onHangup(() => {
    supervisor.reload().then(() => log.info('reloaded'), log.error);
  });
  if (flags.background !== true) await greet(context, supervisor);
  await Promise.race([aborted(context.signal), supervisor.stopped]);
  forgetHangup();
  presence.leaving();
  // What the last cycles say while they end is still told.
  await within(STOP_WITHIN_MS, supervisor.stop(), context);
  ending.abort();
  await listening;
  await presence.close();
}

async function present({ context, supervisor, log, lock, places, flags }: Serving): Promise<Presence> {
  const { env, services } = context;
  const { platform } = process;
  const show = (notice: Notice): void => {
    showOnDesktop(notice, platform).catch(log.error);
  };
  try {
    return await presentDaemon({
      places,
      lock,
      env,
      control: supervisor,
      hello: { version: VERSION, pid: process.pid },
      runtime: services.runtime,
      show: flags.notifications === false ? undefined : show,
      onError: log.error,
      redact: log.redact,
    });
  } catch (error) {
    // Nobody would find it: it must not hold the folders.
    await supervisor.stop();
    throw error;
  }
}

async function greet({ out }: Context, supervisor: Supervisor): Promise<void> {
  const { targets } = await supervisor.status();
  out.say(`Keeping ${count(targets.length, 'target')} in sync; Ctrl-C ends it`);
}

/** What does not end in time is left where it is: no kill at any moment loses anything. */
async function within(limitMs: number, work: Promise<void>, { services }: Context): Promise<void> {
  const limit = new AbortController();
  const late = services.runtime.sleep(limitMs, { signal: limit.signal }).catch((error: unknown) => {
    if (!limit.signal.aborted) throw error;
  });
  await Promise.race([work, late]);
  limit.abort();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function boundsOf({ pollMin, pollMax }: RunFlags): PollBounds {
  const fastMs = pollMin ?? Math.min(POLL_BOUNDS.fastMs, pollMax ?? POLL_BOUNDS.fastMs);
  const slowMs = pollMax ?? Math.max(POLL_BOUNDS.slowMs, fastMs);
  if (fastMs > slowMs)
    throw new S4Error('USAGE', '--poll-min is longer than --poll-max.', {
      hint: 'The first is the time between two polls after activity, the second when nothing happens.',
    });
  return { ...POLL_BOUNDS, fastMs, slowMs };
}
