import type { Command } from 'commander';
import { S4Error } from '../lib/errors.ts';
import { completionScript } from './completion.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { loadTargets } from './select.ts';
import { status } from './status.ts';
import { offerImport } from './targets.ts';

/** `s4` alone: the dashboard, or where screens cannot be drawn the status of all targets; a first word to who has none. */
export async function home(context: Context, program: Command): Promise<ExitCode> {
  const targets = loadTargets(context);
  if (targets.length > 0) {
    if (context.terminal === undefined) return status(context, []);
    return (await import('./dashboard/dashboard.ts')).dashboard(context, context.terminal);
  }
  for (const line of program.helpInformation().trimEnd().split('\n')) context.out.result(line);
  context.out.result('');
  context.out.result('To start, add a target: s4 add FOLDER s3://bucket/prefix');
  offerImport(context, targets);
  return EXIT.done;
}

/** `s4 completion`. */
export async function completion(
  context: Context,
  program: Command,
  shell: string | undefined,
  flags: { readonly targets?: boolean },
): Promise<ExitCode> {
  if (flags.targets === true) {
    for (const { name } of loadTargets(context)) context.out.result(name);
    return EXIT.done;
  }
  if (shell === undefined)
    throw new S4Error('USAGE', 'A shell is needed.', { hint: 'Write s4 completion bash, zsh or fish.' });
  for (const line of completionScript(program, shell).trimEnd().split('\n')) context.out.result(line);
  return EXIT.done;
}
