import type { Context } from '../../src/commands/context.ts';
import { createOutput } from '../../src/commands/output.ts';
import { openConfigFile } from '../../src/config/config-file.ts';
import type { Bench } from './cli.ts';

/** What a command is given on a bench: for those whose doings outside of s4 a test replaces. */
export function contextOf(bench: Bench): Context {
  const process = bench.process();
  return {
    env: process.env,
    home: process.home,
    cwd: process.cwd,
    flags: { json: false, debug: false, limits: {} },
    out: createOutput({
      stdout: process.stdout,
      stderr: process.stderr,
      json: false,
      colours: false,
      level: 'info',
      timestamps: false,
      nowMs: process.nowMs,
      redact: () => (text) => text,
    }),
    prompter: undefined,
    terminal: undefined,
    readStdin: process.readStdin,
    config: openConfigFile(bench.configDir),
    services: bench.services,
    signal: bench.interrupt.signal,
    onHangup: () => () => undefined,
    hide: () => undefined,
  };
}
