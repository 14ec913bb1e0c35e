import { type Command, CommanderError } from 'commander';
import { configDir } from '../config/config-dir.ts';
import { makeRedactor } from '../config/secret.ts';
import { S4Error } from '../lib/errors.ts';
import { isLightBackground } from '../report/background.ts';
import { errorReport } from '../report/error-report.ts';
import { sentence } from '../report/format.ts';
import type { Level } from '../report/line.ts';
import { type TerminalHost, wantsPlain } from '../ui/terminal.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { createOutput, type Output, type Sink } from './output.ts';
import { buildProgram, type GlobalOptions } from './program.ts';
import type { Prompter } from './prompter.ts';
import { exitOfError } from './run-targets.ts';
import type { Services } from './services.ts';

/** The process, as far as s4 looks at it. */
export interface Process {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** A person can be asked: standard input and error are a terminal. */
  readonly prompter: Prompter | undefined;
  /** Screens can be drawn: standard input and output are a terminal, and nothing says otherwise. */
  readonly terminal?: Omit<TerminalHost, 'colours'> | undefined;
  readStdin(): Promise<string>;
  readonly signal: AbortSignal;
  /** See `Context`. Absent where there are no signals. */
  readonly onHangup?: Context['onHangup'];
  readonly nowMs: () => number;
  services(): Promise<Services>;
}

/** One run of s4: arguments in, exit code out. Never throws. */
export async function main(args: readonly string[], host: Process): Promise<ExitCode> {
  const secrets = new Set<string>();
  let redact = makeRedactor([]);
  let exit: ExitCode = EXIT.done;
  let options = optionsBeforeParsing(args);
  const output = (): Output => outputFor(host, options, () => redact);
  const hide = (more: readonly string[]): void => {
    for (const secret of more) secrets.add(secret);
    redact = makeRedactor(secrets);
  };
  const program = buildProgram(async (work) => {
    options = program.opts<GlobalOptions>();
    exit = await work(await contextFor(host, options, output(), hide));
  });
  const outputs = { writeOut: (text: string) => host.stdout.write(text), writeErr: () => {} };
  for (const command of withSubcommands(program)) command.exitOverride().configureOutput(outputs);
  try {
    await program.parseAsync(args[0] === '--version' ? ['-V'] : [...args], { from: 'user' });
    return exit;
  } catch (error) {
    if (host.signal.aborted) return EXIT.interrupted;
    if (error instanceof CommanderError) return endOfParsing(error, output());
    output().error(errorReport(error, { debug: options.debug === true }));
    return exitOfError(error);
  }
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Errors of parsing itself must be told in the form that was asked for. */
function optionsBeforeParsing(args: readonly string[]): GlobalOptions {
  const end = args.indexOf('--');
  const given = end < 0 ? args : args.slice(0, end);
  return {
    json: given.includes('--json'),
    debug: given.includes('--debug'),
    colors: !given.includes('--no-colors'),
  };
}

function endOfParsing(error: CommanderError, out: Output): ExitCode {
  // Help and version are asked for; their text is written already.
  if (error.exitCode === 0) return EXIT.done;
  const message = error.message.replace(/^error: /, '').split('\n');
  const usage = new S4Error('USAGE', sentence(message[0] ?? ''), {
    hint: message[1] ?? 'See "s4 --help", or "s4 COMMAND --help".',
  });
  out.error(errorReport(usage, { debug: false }));
  return EXIT.usage;
}

function outputFor(host: Process, options: GlobalOptions, redact: () => (text: string) => string): Output {
  return createOutput({
    stdout: host.stdout,
    stderr: host.stderr,
    json: options.json === true,
    colours: wantsColours(host, options),
    isLight: isLightBackground(host.env),
    isStill: options.plain === true || wantsPlain(host.env),
    level: levelOf(options),
    timestamps: options.timestamps === true,
    nowMs: host.nowMs,
    redact,
  });
}

function wantsColours(host: Process, options: GlobalOptions): boolean {
  return options.colors !== false && (host.env['NO_COLOR'] ?? '') === '' && host.env['TERM'] !== 'dumb';
}

function levelOf(options: GlobalOptions): Level {
  if (options.logLevel !== undefined) return options.logLevel;
  if (options.debug === true || options.verbose === true) return 'debug';
  return options.quiet === true ? 'warning' : 'info';
}

async function contextFor(
  host: Process,
  options: GlobalOptions,
  out: Output,
  hide: Context['hide'],
): Promise<Context> {
  const flag = options.config === undefined ? {} : { flag: options.config };
  // Loaded here: help and wrong usage need no validator.
  const { openConfigFile } = await import('../config/config-file.ts');
  return {
    env: host.env,
    home: host.home,
    cwd: host.cwd,
    flags: {
      json: options.json === true,
      debug: options.debug === true,
      limits: {
        ...(options.limitUp === undefined ? {} : { upBytesPerSecond: options.limitUp }),
        ...(options.limitDown === undefined ? {} : { downBytesPerSecond: options.limitDown }),
      },
    },
    out,
    prompter: options.json === true ? undefined : host.prompter,
    terminal:
      host.terminal === undefined || options.json === true || options.quiet === true || options.plain === true
        ? undefined
        : { ...host.terminal, colours: wantsColours(host, options) },
    readStdin: host.readStdin,
    config: openConfigFile(configDir({ env: host.env, home: host.home, cwd: host.cwd, ...flag })),
    services: await host.services(),
    signal: host.signal,
    onHangup: host.onHangup ?? (() => () => {}),
    hide,
  };
}
