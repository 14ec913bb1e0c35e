import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { instanceOwner } from '../../daemon/instance-lock.ts';
import { ensurePrivateFolder } from '../../daemon/places.ts';
import { S4Error } from '../../lib/errors.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { openDaemon, placesOf } from './daemon-of.ts';
import { type ForegroundFlags, foregroundArgs } from './foreground-args.ts';

/** A child in the background, as far as `start` looks at it. */
export interface Background {
  readonly pid: number | undefined;
  /** Its exit code once it has ended, or 1 after a signal. */
  ended(): number | undefined;
}

/** Starts this program again, apart from the terminal; its output goes to a file. */
export type StartBackground = (args: readonly string[], options: { readonly output: string }) => Background;

const WAIT_MS = 30_000;
const LOOK_MS = 50;

/**
 * `s4 daemon start`: starts the daemon in the background and waits until it answers, or for its first error. One that
 * runs already is what was wished for, if it keeps what was named.
 *
 * @throws S4Error DAEMON_GONE when it neither answers nor ends; LOCKED when one runs that keeps other targets
 */
export async function daemonStart(
  context: Context,
  names: readonly string[],
  flags: ForegroundFlags,
  start: StartBackground = startBackground,
): Promise<ExitCode> {
  const { out, services, signal } = context;
  const places = placesOf(context);
  const running = await pidOf(context);
  if (running !== undefined) return alreadyRuns(context, running, names);
  // Made before it runs: what it cannot write to is better said here.
  ensurePrivateFolder(places.folder);
  const child = start(foregroundArgs(context, names, flags), { output: places.output });
  const deadlineMs = services.runtime.nowMs() + WAIT_MS;
  for (;;) {
    // Looked at before the socket: whoever answers after this one has ended is another.
    const exit = child.ended();
    const pid = await pidOf(context);
    if (pid !== undefined && (exit !== undefined || pid !== child.pid))
      return alreadyRuns(context, pid, names);
    if (pid !== undefined) break;
    // Another that started at the same time holds the lock, and is about to answer.
    const isOvertaken = exit !== undefined && instanceOwner(places) !== undefined;
    if (exit !== undefined && !isOvertaken) return failed(context, exit, readFileSync(places.output, 'utf8'));
    if (services.runtime.nowMs() >= deadlineMs) throw slow(child.pid, places.log);
    await services.runtime.sleep(LOOK_MS, { signal });
  }
  out.say(`The daemon runs: process ${child.pid}, log ${places.log}`, { tone: 'good' });
  out.record({ kind: 'daemon-started', pid: child.pid, log: places.log, already: false });
  return EXIT.done;
}

async function pidOf(context: Context): Promise<number | undefined> {
  const client = await openDaemon(context);
  client?.close();
  return client?.hello.pid;
}

async function alreadyRuns(context: Context, pid: number, names: readonly string[]): Promise<ExitCode> {
  const { out } = context;
  if (names.length > 0) await checkKept(context, pid, names);
  out.say(`The daemon runs already: process ${pid}`);
  out.record({ kind: 'daemon-started', pid, already: true });
  return EXIT.done;
}

async function checkKept(context: Context, pid: number, names: readonly string[]): Promise<void> {
  const client = await openDaemon(context);
  const kept = await client?.status().finally(() => client.close());
  const missing = names.filter((name) => kept?.targets.every((target) => target.name !== name));
  if (missing.length === 0) return;
  throw new S4Error(
    'LOCKED',
    `A daemon runs already (process ${pid}), and does not keep ${missing.map((name) => `"${name}"`).join(', ')}.`,
    { hint: 'Stop it, and start it without names to keep all targets: s4 daemon stop.', data: { pid } },
  );
}

/** What it said before it ended, as it said it. */
function failed({ out }: Context, exit: number, said: string): ExitCode {
  const [first = '', ...rest] = said.trim().split('\n');
  const hint = rest.join('\n').trim();
  out.error({
    kind: 'error',
    code: 'DAEMON_GONE',
    message:
      first === '' ? `The daemon ended at once, with exit code ${exit}.` : first.replace(/^Error: /, ''),
    ...(hint === '' ? {} : { hint }),
    data: { exit },
  });
  return isExitCode(exit) ? exit : EXIT.bug;
}

function isExitCode(code: number): code is Exclude<ExitCode, 0> {
  return code !== 0 && Object.values(EXIT).some((known) => known === code);
}

function slow(pid: number | undefined, log: string): S4Error {
  return new S4Error(
    'DAEMON_GONE',
    `The daemon (process ${pid}) does not answer after ${WAIT_MS / 1000} s.`,
    {
      hint: `It was left running. Its log is ${log}.`,
      ...(pid === undefined ? {} : { data: { pid } }),
    },
  );
}

const startBackground: StartBackground = (args, { output }) => {
  const cli = process.argv[1];
  if (cli === undefined) throw new S4Error('USAGE', 'It is not known how this s4 was started.');
  const fd = openSync(output, 'w', 0o600);
  try {
    const child = spawn(process.execPath, [...process.execArgv, cli, ...args], {
      detached: true,
      // Not where it was started: that may be a disk which is to be taken out.
      cwd: dirname(output),
      stdio: ['ignore', fd, fd],
      env: process.env,
    });
    let exit: number | undefined;
    child.once('exit', (code) => {
      exit = code ?? 1;
    });
    child.once('error', () => {
      exit = 1;
    });
    child.unref();
    return { pid: child.pid, ended: () => exit };
  } finally {
    closeSync(fd);
  }
};
