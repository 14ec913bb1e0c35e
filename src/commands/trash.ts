import type { TargetSettings } from '../config/schema.ts';
import type { TrashedFile } from '../engine/ports/history.ts';
import { S4Error } from '../lib/errors.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { count, formatBytes, formatTime } from '../report/format.ts';
import { trashTable } from '../report/history-view.ts';
import type { RelPath } from '../sync/path.ts';
import { bringBack } from './bring-back.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { parseMoment } from './moment.ts';
import { oneFile } from './one-path.ts';
import { withTarget } from './open-target.ts';
import { select } from './select.ts';

/** `s4 trash [TARGET]`: what s4 replaced or deleted in the folder, newest first. */
export async function trash(context: Context, args: readonly string[]): Promise<ExitCode> {
  const selections = await select(context, args);
  const { out, services } = context;
  for (const { target, paths } of selections) {
    const files = (await trashOf(context, target)).filter(({ path }) => isWithin(path, paths));
    if (selections.length > 1) out.say(`${target.name}:`, { tone: 'strong' });
    for (const file of files) out.record(trashRecord(target.name, file));
    if (files.length === 0) {
      out.say('The trash is empty');
      continue;
    }
    for (const text of trashTable(files, services.runtime.nowMs())) out.result(text);
    const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    out.result(`${count(files.length, 'file')}, ${formatBytes(bytes)}`);
  }
  out.say('Kept for 30 days. To bring one back: s4 trash restore PATH', { tone: 'dim' });
  return EXIT.done;
}

export interface TrashRestoreFlags {
  readonly at?: string;
  readonly dryRun?: boolean;
}

/** `s4 trash restore PATH`: the newest that was moved away from there, or the newest up to a moment. */
export async function trashRestore(
  context: Context,
  arg: string,
  { at, dryRun }: TrashRestoreFlags,
): Promise<ExitCode> {
  const { target, path } = await oneFile(context, arg);
  const { out, services } = context;
  const beforeMs = at === undefined ? Number.POSITIVE_INFINITY : parseMoment(at, services.runtime.nowMs());
  return withTarget(context, target, async ({ store, folder }) => {
    const files = (await folder.listTrash()).filter((file) => file.path === path);
    const found = files.find(({ movedMs }) => movedMs <= beforeMs);
    if (found === undefined) throw notInTrash(path, files);
    const words = `${escapeForTerminal(path)}, moved away at ${formatTime(found.movedMs)} (${formatBytes(found.sizeBytes)})`;
    if (dryRun === true) {
      out.record({ ...trashRecord(target.name, found), dryRun });
      out.result(`Would bring back ${words}`);
      return EXIT.done;
    }
    const wish = { kind: 'trashed', path, ref: found.ref } as const;
    const { exit } = await bringBack(
      context,
      target,
      { store, folder },
      [wish],
      (fulfilled) => {
        if (fulfilled.kind === 'failed')
          out.emit({ kind: 'problem', target: target.name, problem: fulfilled.problem });
      },
      { offline: true },
    );
    out.endTarget(target.name);
    if (exit !== EXIT.done) return exit;
    out.record({ ...trashRecord(target.name, found), dryRun: false });
    out.result(`Brought back ${words}`);
    return EXIT.done;
  });
}

function trashOf(context: Context, target: TargetSettings): Promise<readonly TrashedFile[]> {
  return withTarget(context, target, ({ folder }) => folder.listTrash());
}

function isWithin(path: RelPath, paths: readonly RelPath[]): boolean {
  return paths.length === 0 || paths.some((each) => path === each || path.startsWith(`${each}/`));
}

function notInTrash(path: RelPath, files: readonly TrashedFile[]): S4Error {
  return new S4Error(
    'USAGE',
    `no ${path} is in the trash${files.length > 0 ? ' from before that time' : ''}`,
    {
      hint: 'See "s4 trash". "s4 versions" shows what the store keeps.',
    },
  );
}

function trashRecord(
  target: string,
  { path, movedMs, sizeBytes, ref, kind }: TrashedFile,
): { readonly kind: 'trashed' } & Record<string, unknown> {
  return {
    kind: 'trashed',
    target,
    path,
    moved: new Date(movedMs).toISOString(),
    sizeBytes,
    ref,
    entry: kind,
  };
}
