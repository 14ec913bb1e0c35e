import { spawn } from 'node:child_process';

/** Sends words to systemd, as sd_notify(3) has them. */
export type SendToSystemd = (words: readonly string[]) => Promise<void>;

/** The service manager that started this process; without one, nothing happens. */
export interface ServiceManager {
  /** The daemon answers: from now on it must keep saying that it lives. */
  ready(): void;
  stopping(): void;
  close(): void;
}

export interface ServiceManagerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** What the daemon does, in one line for `systemctl status`. Only a daemon that can tell is well. */
  readonly describe: () => Promise<string>;
  /** Words that could not be sent: for the log. */
  readonly onError: (error: unknown) => void;
  readonly send?: SendToSystemd;
  readonly every?: (delayMs: number, work: () => void) => { stop(): void };
}

const NONE: ServiceManager = {
  ready: () => undefined,
  stopping: () => undefined,
  close: () => undefined,
};

/**
 * Tells systemd that the daemon is ready, what it does, and again and again that it lives (the watchdog of the unit).
 *
 * Node has no datagram sockets in the file system, so `systemd-notify` sends each word: a short process three times
 * within the watchdog's time. It waits until systemd has taken the word, so that it is not gone before it is known.
 */
export function connectServiceManager(options: ServiceManagerOptions): ServiceManager {
  const { env, send = sendByProgram, every = everyInterval, describe, onError } = options;
  if ((env['NOTIFY_SOCKET'] ?? '') === '') return NONE;
  // In turn: STOPPING must not be overtaken by READY.
  let last: Promise<void> = Promise.resolve();
  const say = (...words: readonly string[]): void => {
    last = last.then(() => send(words)).catch(onError);
  };
  const watchdogMs = watchdogMsOf(options);
  let pulse: { stop(): void } | undefined;
  const tell = (word: string): void => {
    describe().then((text) => say(word, `STATUS=${text.replaceAll('\n', ' ')}`), onError);
  };
  return {
    ready: () => {
      tell('READY=1');
      if (watchdogMs !== undefined) pulse = every(watchdogMs / 3, () => tell('WATCHDOG=1'));
    },
    stopping: () => say('STOPPING=1'),
    close: () => pulse?.stop(),
  };
}

/** Undefined when systemd does not watch this process. */
function watchdogMsOf({ env, pid }: ServiceManagerOptions): number | undefined {
  const micros = Number(env['WATCHDOG_USEC']);
  const meant = env['WATCHDOG_PID'];
  if (!Number.isFinite(micros) || micros <= 0) return undefined;
  return meant === undefined || meant === '' || meant === String(pid) ? micros / 1000 : undefined;
}

function sendByProgram(words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('systemd-notify', words, { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`systemd-notify ended with ${code}`));
    });
  });
}

function everyInterval(delayMs: number, work: () => void): { stop(): void } {
  const timer = setInterval(work, delayMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
