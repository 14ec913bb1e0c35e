import { type Command, InvalidArgumentError, Option } from 'commander';
import { CONFLICT_POLICIES } from '../config/policies.ts';
import type { GcFlags } from './gc.ts';
import { examples } from './help-text.ts';
import type { LogFlags } from './log.ts';
import { parseConflicts } from './parse.ts';
import type { Perform } from './program.ts';
import type { ResolveFlags } from './resolve.ts';
import type { RestoreFlags } from './restore.ts';
import type { TrashRestoreFlags } from './trash.ts';
import type { UndoFlags } from './undo.ts';

const PATH = 'a file, here or long gone: ./docs/x.txt, or TARGET:docs/x.txt';
const AT = 'as it was then: a time (UTC) as "2026-11-21 05:00", or how long ago as 2h, 3d';

/** What the past holds, and how to bring it back. */
export function registerHistoryCommands(program: Command, perform: Perform): void {
  program
    .command('log')
    .summary('who changed what, newest first')
    .description('Shows who changed what, as the s4 of every machine wrote it down. Newest first.')
    .argument('[target|path]', 'all targets when there is none')
    .option('-n, --lines <count>', 'how many', parseCount, 30)
    .addHelpText('after', examples('s4 log', 's4 log notes -n 100', 's4 log ./drafts --json'))
    .action((arg: string | undefined, flags: LogFlags) =>
      perform(async (context) => (await import('./log.ts')).log(context, arg, flags)),
    );
  program
    .command('versions')
    .summary('the versions of a file that the store keeps')
    .argument('<path>', PATH)
    .addHelpText('after', examples('s4 versions ./draft.txt', 's4 versions notes:old/gone.txt'))
    .action((arg: string) =>
      perform(async (context) => (await import('./versions.ts')).versions(context, arg)),
    );
  program
    .command('diff')
    .summary('what changed in a file')
    .description("Compares the store's version of a file with the one here, or two versions.")
    .argument('<path>', PATH)
    .option('--version <id>', 'from this version; a second one: to that', collect)
    .addHelpText(
      'after',
      examples('s4 diff ./draft.txt', 's4 diff ./draft.txt --version 3f2a --version 9c01'),
    )
    .action((arg: string, flags: { readonly version?: readonly string[] }) =>
      perform(async (context) => (await import('./diff.ts')).diff(context, arg, flags)),
    );
  program
    .command('restore')
    .summary('bring back an earlier version')
    .description(
      'Puts an earlier version of a file, or a folder as it was, into the folder; the next sync publishes it. What is there now goes to the trash.',
    )
    .argument('<path>', PATH)
    .option('--version <id>', 'one of "s4 versions"; its first digits are enough')
    .option('--at <time>', AT)
    .option('--dry-run', 'only show what would be done')
    .option('--yes', 'ask nothing')
    .addHelpText(
      'after',
      examples(
        's4 restore ./draft.txt',
        's4 restore ./draft.txt --version 3f2a',
        's4 restore ./drafts --at "2026-11-21 05:00" --dry-run',
        's4 restore notes:drafts --at 2h --yes',
      ),
    )
    .action((arg: string, flags: RestoreFlags) =>
      perform(async (context) => (await import('./restore.ts')).restore(context, arg, flags)),
    );
  program
    .command('undo')
    .summary('put back what s4 replaced or deleted here the last time')
    .description(
      'Puts back what s4 replaced or deleted in the folder the last time, from the trash; the next sync publishes it. What was edited here since stays; new files and renames are not undone.',
    )
    .argument('[target|path...]', 'all targets when there is none')
    .option('--since <time>', 'all since then: a time (UTC), or how long ago as 2h, 3d')
    .option('--dry-run', 'only show what would be done')
    .option('--yes', 'ask nothing')
    .addHelpText('after', examples('s4 undo', 's4 undo ./drafts --since 2h --dry-run', 's4 undo notes --yes'))
    .action((args: readonly string[], flags: UndoFlags) =>
      perform(async (context) => (await import('./undo.ts')).undo(context, args, flags)),
    );
  registerWaitingCommands(program, perform);
  registerGc(program, perform);
}

function registerWaitingCommands(program: Command, perform: Perform): void {
  program
    .command('resolve')
    .summary('decide about conflicts that wait')
    .description('Lists the conflicts that wait for a decision; in a terminal asks about each.')
    .argument('[target|path...]', 'all targets when there is none')
    .addOption(
      new Option('--keep <which>', 'of conflicts that were kept as both: original, copy or both').choices([
        'original',
        'copy',
        'both',
      ]),
    )
    .addOption(
      new Option(
        '--conflicts <policy>',
        `of what both sides changed: ${CONFLICT_POLICIES.join(', ')}`,
      ).argParser(parseConflicts),
    )
    .option('--dry-run', 'only list')
    .addHelpText('after', examples('s4 resolve', 's4 resolve notes --keep original', 's4 resolve --json'))
    .action((args: readonly string[], flags: ResolveFlags) =>
      perform(async (context) => (await import('./resolve.ts')).resolve(context, args, flags)),
    );
  const trash = program
    .command('trash')
    .summary('what s4 replaced or deleted here')
    .description('Lists what s4 replaced or deleted in the folder. It is kept for 30 days.')
    .argument('[target|path...]', 'all targets when there is none')
    .addHelpText('after', examples('s4 trash', 's4 trash notes', 's4 trash restore ./draft.txt'))
    .action((args: readonly string[]) =>
      perform(async (context) => (await import('./trash.ts')).trash(context, args)),
    );
  trash
    .command('restore')
    .summary('bring one back')
    .description(
      'Brings back the newest file that was moved away from a path. What is there now goes to the trash.',
    )
    .argument('<path>', PATH)
    .option('--at <time>', 'the newest one moved away up to then')
    .option('--dry-run', 'only show what would be done')
    .addHelpText('after', examples('s4 trash restore ./draft.txt'))
    .action((arg: string, flags: TrashRestoreFlags) =>
      perform(async (context) => (await import('./trash.ts')).trashRestore(context, arg, flags)),
    );
}

function registerGc(program: Command, perform: Perform): void {
  program
    .command('gc')
    .summary('remove for good what s4 may forget')
    .description(
      'Removes for good, after a question: what has been in the trash for 30 days, and uploads to the bucket that were begun a week ago or more and never finished.',
    )
    .argument('[target...]', 'all targets when there is none')
    .option('--older-than <age>', 'another age for both: 12h, 7d (uploads: a day at least)')
    .option('--dry-run', 'only show what would be removed')
    .option('--yes', 'ask nothing')
    .addHelpText('after', examples('s4 gc --dry-run', 's4 gc notes --older-than 7d', 's4 gc --yes'))
    .action((args: readonly string[], flags: GcFlags) =>
      perform(async (context) => (await import('./gc.ts')).gc(context, args, flags)),
    );
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('Write a number, from 1 on.');
  return count;
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
