import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import process from 'node:process';
import { addAbortSignal } from 'node:stream';
import { type TerminalHost, wantsScreens } from '../ui/terminal.ts';
import { EXIT } from './exit-codes.ts';
import { main } from './main.ts';
import { createPrompter } from './prompter.ts';
import { createSinks } from './sinks.ts';

const LINGER_MS = 500;

/**
 * Connects `main` to this process: streams, signals, exit code. The first SIGINT or SIGTERM asks the engine to stop at
 * a safe place, a second one ends the process at once: what was finished is recorded either way.
 */
export async function runProcess(args: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  // One listener an operation under way: many are no leak.
  setMaxListeners(0, interrupt.signal);
  let screenIsUp = false;
  const onSignal = (): void => {
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    // A screen says it itself.
    if (process.stderr.isTTY && !screenIsUp)
      process.stderr.write('\nInterrupted: finishing what is under way (again: stop at once)\n');
    interrupt.abort(new Error('interrupted'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onBrokenPipe);
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const sinks = createSinks(process.stdout, process.stderr);
  // Pipes and files are written to at once, so that this is in time.
  process.once('exit', sinks.flush);
  const code = await main(args, {
    env: process.env,
    home: process.env['HOME'] ?? homedir(),
    cwd: process.cwd(),
    stdout: sinks.stdout,
    stderr: sinks.stderr,
    prompter:
      isTerminal && process.env['CI'] === undefined
        ? createPrompter({
            input: process.stdin,
            output: process.stderr,
            signal: interrupt.signal,
            onInterrupt: onSignal,
          })
        : undefined,
    terminal: terminalOf(interrupt.signal, onSignal, (isUp) => {
      screenIsUp = isUp;
    }),
    readStdin: () => readStdin(interrupt.signal),
    signal: interrupt.signal,
    onHangup: (listener) => {
      process.on('SIGHUP', listener);
      return () => process.off('SIGHUP', listener);
    },
    nowMs: () => Date.now(),
    services: async () => (await import('../compose.ts')).compose(process.env),
  });
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);
  // A line editor leaves the terminal flowing; the process would wait for it.
  process.stdin.unref?.();
  process.exitCode = process.exitCode ?? code;
  // What was given up may still hold a connection open: whoever asked for the end is not kept waiting for it.
  if (interrupt.signal.aborted) setTimeout(() => process.exit(), LINGER_MS).unref();
}

function terminalOf(
  signal: AbortSignal,
  interrupt: () => void,
  onScreen: (isUp: boolean) => void,
): Omit<TerminalHost, 'colours'> | undefined {
  const { stdin, stdout, env } = process;
  if (stdin.isTTY !== true || stdout.isTTY !== true || !wantsScreens(env)) return undefined;
  return { stdin, stdout, env, nowMs: () => Date.now(), signal, interrupt, jobs: JOBS, onScreen };
}

const JOBS: NonNullable<TerminalHost['jobs']> = {
  // The whole group, as the terminal would.
  stop: () => void process.kill(0, 'SIGTSTP'),
  onContinue: (listener) => {
    process.on('SIGCONT', listener);
    return () => process.off('SIGCONT', listener);
  },
};

/** `s4 sync | head`: the reader has seen enough; the work goes on, and the exit code stays true. */
function onBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

async function readStdin(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  // Closed on abort: the loop then ends with the reason.
  for await (const chunk of addAbortSignal(signal, process.stdin))
    chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
