import { dirname } from 'node:path';
import process from 'node:process';
import { lockInstance } from '../../daemon/instance-lock.ts';
import { POLL_BOUNDS, type PollBounds } from '../../daemon/listen/rhythm.ts';
import { createDaemonLog, type DaemonLog } from '../../daemon/log.ts';
import { openLogFile } from '../../daemon/log-file.ts';
import { daemonPlaces } from '../../daemon/places.ts';
import { type Supervisor, startSupervisor } from '../../daemon/supervisor.ts';
import { S4Error } from '../../lib/errors.ts';
import { VERSION } from '../../lib/version.ts';
import { count } from '../../report/format.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { daemonDeps } from './deps.ts';
import { daemonOutput } from './output.ts';

export interface RunFlags {
  /** Between two polls of the bell, in milliseconds. */
  readonly pollMin?: number;
  readonly pollMax?: number;
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
  const { services, signal } = context;
  const bounds = boundsOf(flags);
  const places = daemonPlaces(dirname(context.config.path));
  const lock = lockInstance(places, services.runtime.host);
  const file = openLogFile({ path: places.log });
  try {
    const log = createDaemonLog(file, { debug: context.flags.debug });
    const deps = daemonDeps(context, names, { bounds, onSecrets: log.hide });
    const supervisor = startSupervisor(deps);
    log.info('started', { version: VERSION, process: process.pid });
    await serve(context, supervisor, { log, background: flags.background === true });
    log.info('stopped', { by: signal.aborted ? 'signal' : 'request' });
    return EXIT.done;
  } finally {
    file.close();
    lock.release();
  }
}

interface Serving {
  readonly log: DaemonLog;
  readonly background: boolean;
}

/** Until a signal, or somebody over the socket, asks for the end. */
async function serve(context: Context, supervisor: Supervisor, { log, background }: Serving): Promise<void> {
  const { signal, out } = context;
  const ending = new AbortController();
  const say = background ? () => {} : daemonOutput(out);
  const listening = supervisor.subscribe((event) => {
    log.take(event);
    say(event);
  }, ending.signal);
  const forgetHangup = context.onHangup(() => {
    supervisor.reload().then(
      () => log.info('reloaded'),
      (error: unknown) => log.error(error),
    );
  });
  if (!background) await greet(context, supervisor);
  await Promise.race([aborted(signal), supervisor.stopped]);
  forgetHangup();
  // What the last cycles say while they end is still told.
  await within(STOP_WITHIN_MS, supervisor.stop(), context);
  ending.abort();
  await listening;
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

async function greet({ out }: Context, supervisor: Supervisor): Promise<void> {
  const { targets } = await supervisor.status();
  out.say(`Keeping ${count(targets.length, 'target')} in sync; Ctrl-C ends it`);
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
