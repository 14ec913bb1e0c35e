import type { Command } from 'commander';
import { examples } from '../help-text.ts';
import { parseDuration } from '../parse.ts';
import type { Perform } from '../program.ts';
import type { RunFlags } from './run.ts';

/** Makes a command `s4 daemon [TARGET...]`, in the foreground. */
export function foreground(daemon: Command, perform: Perform): void {
  daemonOptions(daemon)
    .summary('keep targets in sync all the time')
    .description(
      'Keeps targets in sync as they change, here and there, until Ctrl-C. Without TARGET, all of them.',
    )
    .argument('[target...]', 'all targets when there is none')
    .addHelpText('after', examples('s4 daemon', 's4 daemon notes', 's4 daemon --poll-max 2m'))
    .action((names: readonly string[], flags: RunFlags) =>
      perform(async (context) => (await import('./run.ts')).runDaemon(context, names, flags)),
    );
}

/** Flags of the daemon itself, which `start` and `install` hand on. */
export function daemonOptions(command: Command): Command {
  return command
    .option('--poll-min <time>', 'time between two looks at the store after activity; 3s', parseDuration)
    .option('--poll-max <time>', 'the same when nothing happens; 30s', parseDuration);
}
