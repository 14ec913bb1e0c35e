import { openLogTail } from '../../daemon/log-tail.ts';
import { logLine, logRecord } from '../../daemon/log-view.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { placesOf } from './daemon-of.ts';

export interface LogsFlags {
  readonly lines: number;
  readonly follow?: boolean;
}

const LOOK_MS = 250;

/** `s4 daemon logs`: the end of the log, and with `--follow` what comes; with `--json` the lines as they are. */
export async function daemonLogs(context: Context, flags: LogsFlags): Promise<ExitCode> {
  const { out, services, signal } = context;
  const { log } = placesOf(context);
  const tail = openLogTail(log, flags.lines);
  try {
    const last = tail.read();
    show(out, last);
    if (last.length === 0 && flags.lines > 0 && flags.follow !== true)
      out.say(`There is nothing in the log: ${log}`);
    while (flags.follow === true && !signal.aborted) {
      await pause(() => services.runtime.sleep(LOOK_MS, { signal }), signal);
      show(out, tail.read());
    }
    return EXIT.done;
  } finally {
    tail.close();
  }
}

function show(out: Output, lines: readonly string[]): void {
  for (const line of lines) out.record({ ...logRecord(line), kind: 'log' });
  out.lines(lines.map(logLine));
}

/** Ctrl-C is how one leaves. */
async function pause(sleep: () => Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await sleep();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
