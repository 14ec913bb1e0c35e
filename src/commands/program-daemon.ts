import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ForegroundFlags } from './daemon/foreground-args.ts';
import type { InstallFlags } from './daemon/install.ts';
import type { LogsFlags } from './daemon/logs.ts';
import type { RunFlags } from './daemon/run.ts';
import { examples } from './help-text.ts';
import { parseDuration } from './parse.ts';
import type { Perform } from './program.ts';

/** `s4 daemon` with its own commands. */
export function registerDaemonCommands(program: Command, perform: Perform): void {
  const daemon = program
    .command('daemon')
    .summary('keep targets in sync all the time')
    .description(
      'Keeps targets in sync as they change, here and there, until Ctrl-C; its commands look after one in the background.',
    )
    // A target may have that name.
    .helpCommand(false);
  foregroundOptions(daemon.argument(TARGETS, 'all targets when there is none'))
    .addOption(new Option('--background', 'say nothing, only log').hideHelp())
    .addHelpText(
      'after',
      examples('s4 daemon', 's4 daemon notes', 's4 daemon --poll-max 2m', 's4 daemon start'),
    )
    .action((names: readonly string[], flags: RunFlags) =>
      perform(async (context) => (await import('./daemon/run.ts')).runDaemon(context, names, flags)),
    );
  registerRunning(daemon, perform);
  registerLooking(daemon, perform);
  registerService(daemon, perform);
}

const TARGETS = '[target...]';

/**
 * Flags of the daemon itself, which `start` and `install` hand on. Those take them from `optsWithGlobals`: `daemon` has
 * them too, and is given them first, wherever they stand.
 */
function foregroundOptions(command: Command): Command {
  return command
    .option('--no-notifications', 'no desktop notifications')
    .option('--poll-min <time>', 'between two looks at the store after activity (3s)', parseDuration)
    .option('--poll-max <time>', 'between two looks when nothing happens (30s)', parseDuration)
    .option('--notify <queue>', "hear the store's own events: sqs:QUEUE-URL");
}

function registerRunning(daemon: Command, perform: Perform): void {
  foregroundOptions(daemon.command('start').argument(TARGETS, 'all targets when there is none'))
    .summary('start it in the background')
    .description('Starts the daemon in the background, and waits until it answers.')
    .addHelpText('after', examples('s4 daemon start', 's4 daemon start notes'))
    .action((names: readonly string[], _: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ForegroundFlags>();
      return perform(async (context) =>
        (await import('./daemon/start.ts')).daemonStart(context, names, flags),
      );
    });
  daemon
    .command('stop')
    .summary('end it')
    .description('Lets the daemon finish or abort what is under way, commit, and end.')
    .addHelpText('after', examples('s4 daemon stop'))
    .action(() => perform(async (context) => (await import('./daemon/stop.ts')).daemonStop(context)));
  for (const verb of ['pause', 'resume'] as const) {
    daemon
      .command(verb)
      .argument(TARGETS, 'all targets when there is none')
      .summary(verb === 'pause' ? 'sync nothing until resumed' : 'go on after a pause')
      .addHelpText('after', examples(`s4 daemon ${verb}`, `s4 daemon ${verb} notes`))
      .action((names: readonly string[]) =>
        perform(async (context) => (await import('./daemon/pause.ts')).pauseOrResume(context, verb, names)),
      );
  }
}

function registerLooking(daemon: Command, perform: Perform): void {
  daemon
    .command('status')
    .summary('what it does, target by target')
    .addHelpText('after', examples('s4 daemon status', 's4 daemon status --json'))
    .action(() => perform(async (context) => (await import('./daemon/status.ts')).daemonStatus(context)));
  daemon
    .command('attach')
    .summary('watch it work')
    .description('Shows what the daemon does, as it does it, until Ctrl-C.')
    .addHelpText('after', examples('s4 daemon attach', 's4 daemon attach --json'))
    .action(() => perform(async (context) => (await import('./daemon/attach.ts')).daemonAttach(context)));
  daemon
    .command('logs')
    .summary('show its log')
    .option('-n, --lines <count>', 'how many lines', parseCount, 50)
    .option('-f, --follow', 'go on with what is added, until Ctrl-C')
    .addHelpText('after', examples('s4 daemon logs', 's4 daemon logs -f', 's4 daemon logs -n 500 --json'))
    .action((flags: LogsFlags) =>
      perform(async (context) => (await import('./daemon/logs.ts')).daemonLogs(context, flags)),
    );
}

function registerService(daemon: Command, perform: Perform): void {
  foregroundOptions(daemon.command('install').argument(TARGETS, 'all targets when there is none'))
    .option('--print', 'show the service file, write nothing')
    .summary('start it at every login')
    .description('Makes the daemon a service of this user: systemd on Linux, launchd on macOS.')
    .addHelpText('after', examples('s4 daemon install', 's4 daemon install --print'))
    .action((names: readonly string[], _: unknown, command: Command) => {
      const flags = command.optsWithGlobals<InstallFlags>();
      return perform(async (context) =>
        (await import('./daemon/install.ts')).daemonInstall(context, names, flags),
      );
    });
  daemon
    .command('uninstall')
    .summary('start it at login no more')
    .addHelpText('after', examples('s4 daemon uninstall'))
    .action(() => perform(async (context) => (await import('./daemon/install.ts')).daemonUninstall(context)));
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > 1_000_000) throw new InvalidArgumentError('Write a number of lines.');
  return count;
}
