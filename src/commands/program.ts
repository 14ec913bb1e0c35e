import { Command, Option } from 'commander';
import { CONFLICT_POLICIES } from '../config/policies.ts';
import type { ConflictChoice } from '../engine/events.ts';
import { S4Error } from '../lib/errors.ts';
import { VERSION } from '../lib/version.ts';
import type { Level } from '../report/line.ts';
import type { Context } from './context.ts';
import type { EditFlags } from './edit.ts';
import type { ExitCode } from './exit-codes.ts';
import { examples } from './help-text.ts';
import type { LsFlags } from './ls.ts';
import { parseConflicts, parseLevel, parseRate, parseUnset } from './parse.ts';
import { registerDaemonCommands } from './program-daemon.ts';
import { registerHistoryCommands } from './program-history.ts';
import type { SyncFlags } from './sync.ts';
import { type TargetFlags, UNSETTABLE } from './target-flags.ts';

/** The flags of every command, as commander gives them. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly debug?: boolean;
  readonly logLevel?: Level;
  readonly timestamps?: boolean;
  /** commander's form of `--no-colors`. */
  readonly colors?: boolean;
  readonly plain?: boolean;
  readonly config?: string;
  readonly limitUp?: number;
  readonly limitDown?: number;
}

/** Called by the action of the chosen command: makes the context from the flags, runs, keeps the exit code. */
export type Perform = (work: (context: Context) => Promise<ExitCode>) => Promise<void>;

/** Flags to commands: each action loads its command, and calls it once. */
export function buildProgram(perform: Perform): Command {
  const program = new Command('s4')
    .description(
      'Keeps a folder and a prefix of an S3 bucket (or a plain directory) the same, in both directions',
    )
    // `--version` alone is this too; after a command it is that command's own flag.
    .version(VERSION, '-V', 'print the version, as --version')
    .helpCommand('help [command]', 'help for a command')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError(true)
    .allowExcessArguments(false)
    .addHelpText('after', '\nTo start, add a target: s4 add FOLDER s3://bucket/prefix\n');
  globalOptions(program);
  registerTargetCommands(program, perform);
  registerSyncCommands(program, perform);
  registerLookingCommands(program, perform);
  registerHistoryCommands(program, perform);
  registerDaemonCommands(program, perform);
  // After the commands, which take over what is set here: a word too many is a command that does not exist.
  program.allowExcessArguments(true).action(() => {
    const [word] = program.args;
    if (word !== undefined) throw unknownCommand(word);
    return perform(async (context) => (await import('./home.ts')).home(context, program));
  });
  return program;
}

function unknownCommand(word: string): S4Error {
  return new S4Error('USAGE', `There is no command "${word}".`, {
    hint: 'See "s4 --help". To sync a target or a folder: s4 sync NAME, or s4 sync ./FOLDER.',
  });
}

function globalOptions(program: Command): void {
  program
    .option('--json', 'one JSON event a line on stdout')
    .option('-q, --quiet', 'only problems and errors')
    .option('-v, --verbose', 'more details')
    .option('--debug', 'everything, and where errors came from')
    .option('--log-level <level>', 'DEBUG, INFO, WARNING or ERROR', parseLevel)
    .option('--timestamps', 'a time before each line')
    .option('--no-colors', 'no colours')
    .option('--plain', 'no screens, nothing rewritten in place: for screen readers; as S4_PLAIN=1')
    .option('--config <dir>', 'folder of the configuration')
    .option('--limit-up <rate>', 'upload at most this fast, as 500K or 2M a second', parseRate)
    .option('--limit-down <rate>', 'download at most this fast', parseRate);
}

function conflictsOption(what: string): Option {
  return new Option(
    '--conflicts <policy>',
    `${what}: ${CONFLICT_POLICIES.join(', ')} (1, 2, ignore as in S4)`,
  ).argParser(parseConflicts);
}

function targetOptions(command: Command): Command {
  return command
    .option('--name <name>', 'name of the target')
    .option('--endpoint <url>', 'an S3 service beside AWS')
    .option('--region <region>', 'region of the bucket')
    .option('--profile <profile>', 'profile of the AWS configuration')
    .option('--path-style', 'address the bucket in the path')
    .option('--no-path-style', 'address the bucket in the host name')
    .option('--storage-class <class>', 'storage class of new objects')
    .option('--sse <kind>', 'server-side encryption: AES256, aws:kms or aws:kms:KEY')
    .option('--ca-file <file>', 'certificates to trust, PEM')
    .option('--proxy <url>', 'proxy for this target; else HTTPS_PROXY')
    .option('--access-key-id <id>', 'store this key; else the AWS credential chain is used')
    .option('--secret-access-key-stdin', 'read the secret key from standard input')
    .option('-C, --copy-target-credentials <target>', 'use the stored credentials of another target')
    .addOption(conflictsOption('what to do with conflicts when nobody is asked'))
    .option('--enable-versioning', 'enable versioning in the bucket')
    .option('--yes', 'ask nothing');
}

function registerTargetCommands(program: Command, perform: Perform): void {
  targetOptions(
    program
      .command('add')
      .alias('a')
      .summary('add a target')
      .description('Registers a folder and a URL, and shows what the first sync would do. Transfers nothing.')
      .argument('[folder]', 'local folder')
      .argument('[url]', 's3://bucket/prefix or file:///folder'),
  )
    .option('--create-bucket', 'create the bucket (or the folder of a file:// URL)')
    .option('--create-folder', 'create the local folder')
    .addHelpText(
      'after',
      examples(
        's4 add ~/notes s3://my-bucket/notes',
        's4 add ~/notes s3://my-bucket/notes --endpoint https://s3.example.com --access-key-id ID',
        's4 add ~/notes file:///media/usb/notes --create-bucket --yes',
      ),
    )
    .action((folder: string | undefined, url: string | undefined, flags: TargetFlags) =>
      perform(async (context) => (await import('./add.ts')).add(context, folder, url, flags)),
    );
  targetOptions(
    program
      .command('edit')
      .alias('e')
      .summary('change a target')
      .description('Changes how a target is reached, its name or its policy. Without flags, asks.')
      .argument('<target>'),
  )
    .option('--folder <folder>', 'where the folder was moved to')
    .option('--url <url>', 'where the very same target is to be found now')
    .option('--forget-credentials', 'use the AWS credential chain again')
    .addOption(
      new Option(
        '--unset <setting>',
        `as if it had never been given: ${UNSETTABLE.join(', ')}; several times for more`,
      ).argParser(parseUnset),
    )
    .addHelpText(
      'after',
      examples(
        's4 edit notes --name diary',
        's4 edit notes --folder ~/new/notes',
        's4 edit notes --unset region --unset conflicts',
      ),
    )
    .action((name: string, flags: EditFlags) =>
      perform(async (context) => (await import('./edit.ts')).edit(context, name, flags)),
    );
  program
    .command('rm')
    .summary('forget a target')
    .description('Forgets a target. The files on both sides stay.')
    .argument('<target>')
    .option('--forget-state', "remove the folder's .s4 too (a trash that holds files stays)")
    .addHelpText('after', examples('s4 rm notes'))
    .action((name: string, flags: { readonly forgetState?: boolean }) =>
      perform(async (context) => (await import('./rm.ts')).rm(context, name, flags)),
    );
  program
    .command('targets')
    .alias('t')
    .summary('list the targets')
    .addHelpText('after', examples('s4 targets', 's4 targets --json'))
    .action(() => perform(async (context) => (await import('./targets.ts')).targets(context)));
  program
    .command('import')
    .summary('take over the targets of Python S4')
    .description(
      "Registers Python S4's targets (~/.config/s4/sync.conf) here. Its files are read, never changed.",
    )
    .argument('[name...]', 'only these')
    .option('--yes', 'ask nothing')
    .addHelpText('after', examples('s4 import', 's4 import --yes'))
    .action((names: readonly string[], flags: { readonly yes?: boolean }) =>
      perform(async (context) => (await import('./import.ts')).importTargets(context, names, flags)),
    );
}

function syncOptions(command: Command): Command {
  return command
    .argument('[target|path...]', 'all targets when there is none')
    .option('--dry-run', 'show what would be done, change nothing')
    .addOption(conflictsOption('what to do with conflicts'))
    .option('--approve <plan-id>', 'carry out the plan that a guard halted')
    .option('--checksum', 'hash every local file, whatever its time and size')
    .option('--delete-ignored', 'delete on the other side what is ignored now (as S4 did)');
}

function registerSyncCommands(program: Command, perform: Perform): void {
  const register = (
    name: 'sync' | 'push' | 'pull',
    summary: string,
    direction: 'up' | 'down' | undefined,
  ): Command =>
    syncOptions(
      program
        .command(name)
        .summary(summary)
        .description(capital(`${summary}.`)),
    )
      .addHelpText(
        'after',
        examples(`s4 ${name}`, `s4 ${name} notes`, `s4 ${name} .`, `s4 ${name} ./drafts --dry-run`),
      )
      .action((args: readonly string[], flags: SyncFlags & { readonly conflicts?: ConflictChoice }) =>
        perform(async (context) => (await import('./sync.ts')).sync(context, args, flags, direction)),
      );
  register('sync', 'make both sides equal', undefined).alias('s');
  register('push', 'only what changes the store', 'up');
  register('pull', 'only what changes the folder', 'down');
}

function registerLookingCommands(program: Command, perform: Perform): void {
  program
    .command('status')
    .summary('what a sync would do')
    .description('Shows what a sync would do. Writes nothing.')
    .argument('[target|path...]', 'all targets when there is none')
    .addHelpText('after', examples('s4 status', 's4 status notes', 's4 status --json'))
    .action((args: readonly string[]) =>
      perform(async (context) => (await import('./status.ts')).status(context, args)),
    );
  program
    .command('ls')
    .summary('list the files of a target')
    .description('Lists the files that both sides agreed on, with the time of each side.')
    .argument('<target[:path]>')
    .addOption(
      new Option('-s, --sort-by <column>', 'key, local or s3').choices(['key', 'local', 's3']).default('key'),
    )
    .option('-d, --descending', 'the other way round')
    .option('-A, --all', 'also what a side deleted since, and objects that are not tracked yet')
    .addHelpText('after', examples('s4 ls notes', 's4 ls notes:drafts --sort-by s3 --descending'))
    .action((spec: string, flags: LsFlags) =>
      perform(async (context) => (await import('./ls.ts')).ls(context, spec, flags)),
    );
  program
    .command('doctor')
    .summary('check the configuration, folders and stores')
    .argument('[target]')
    .option('--fix', 'repair what can be repaired without risk')
    .option('--notify <queue>', "how to have the bucket's events sent to sqs:URL, and whether it can be read")
    .addHelpText(
      'after',
      examples(
        's4 doctor',
        's4 doctor notes --fix',
        's4 doctor notes --notify sqs:https://sqs.eu-west-1.amazonaws.com/123456789012/s4',
      ),
    )
    .action((name: string | undefined, flags: { readonly fix?: boolean; readonly notify?: string }) =>
      perform(async (context) => (await import('./doctor.ts')).doctor(context, name, flags)),
    );
  program
    .command('completion')
    .summary('completion script for bash, zsh or fish')
    .argument('[shell]', 'bash, zsh or fish')
    .addOption(new Option('--targets', 'names of the targets, one a line').hideHelp())
    .addHelpText('after', examples('source <(s4 completion bash)', 's4 completion fish | source'))
    .action((shell: string | undefined, flags: { readonly targets?: boolean }) =>
      perform(async (context) => (await import('./home.ts')).completion(context, program, shell, flags)),
    );
  program
    .command('version')
    .alias('v')
    .summary('print the version')
    .action(() => perform(async (context) => (await import('./version.ts')).version(context)));
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
