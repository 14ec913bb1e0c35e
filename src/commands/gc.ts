import type { Selection } from '../config/selection.ts';
import { parseStoreUrl } from '../config/url.ts';
import { withLockedBase } from '../engine/history/with-locked-base.ts';
import type { TrashedFile } from '../engine/ports/history.ts';
import { isS4Error, S4Error } from '../lib/errors.ts';
import { count, formatBytes, formatTime } from '../report/format.ts';
import type { OpenUpload, Uploads } from '../stores/s3/uploads.ts';
import { expiredTrash, TRASH_POLICY, type TrashPolicy } from '../sync/expired-trash.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode, worstExit } from './exit-codes.ts';
import { parseMoment } from './moment.ts';
import { type OpenTarget, withTarget } from './open-target.ts';
import { isYes, required } from './prompter.ts';
import { select } from './select.ts';
import { accessOf } from './services.ts';

export interface GcFlags {
  readonly olderThan?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A large file on a slow line takes days. */
const UPLOAD_AGE_MS = 7 * DAY_MS;
const SHOWN = 20;

interface Ages {
  readonly nowMs: number;
  readonly trash: TrashPolicy;
  readonly uploadAgeMs: number;
}

interface Garbage {
  readonly trash: readonly TrashedFile[];
  readonly uploads: readonly OpenUpload[];
}

/**
 * `s4 gc`: removes for good what s4 may forget: old trash in the folder, and old unfinished uploads in the bucket. All of it
 * is shown and asked about first.
 */
export async function gc(context: Context, args: readonly string[], flags: GcFlags): Promise<ExitCode> {
  const ages = agesOf(flags, context.services.runtime.nowMs());
  const codes: ExitCode[] = [];
  for (const selection of await select(context, args)) {
    if (selection.paths.length > 0)
      throw new S4Error('USAGE', '"s4 gc" is about whole targets, not about paths.');
    codes.push(
      await withTarget(context, selection.target, (open) => gcOne(context, selection, open, { flags, ages })),
    );
    if (context.signal.aborted) break;
  }
  return worstExit(codes);
}

/** @throws S4Error USAGE for an age that is none, or below an hour: somebody may have the file open still */
function agesOf({ olderThan }: GcFlags, nowMs: number): Ages {
  if (olderThan === undefined) return { nowMs, trash: TRASH_POLICY, uploadAgeMs: UPLOAD_AGE_MS };
  const ageMs = nowMs - parseMoment(olderThan, nowMs);
  if (ageMs < HOUR_MS)
    throw new S4Error('USAGE', 'What is younger than an hour stays.', { hint: 'Write --older-than 7d.' });
  return {
    nowMs,
    trash: { ...TRASH_POLICY, olderThanMs: ageMs },
    uploadAgeMs: Math.max(ageMs, DAY_MS),
  };
}

async function gcOne(
  context: Context,
  { target }: Selection,
  open: OpenTarget,
  { flags, ages }: { readonly flags: GcFlags; readonly ages: Ages },
): Promise<ExitCode> {
  const { out, services } = context;
  const uploads = await services.openUploads(accessOf(target, parseStoreUrl(target.url)));
  try {
    const garbage: Garbage = {
      trash: expiredTrash(await open.folder.listTrash(), ages.trash, ages.nowMs),
      uploads: await oldUploads(context, uploads, ages),
    };
    const total = garbage.trash.length + garbage.uploads.length;
    if (total === 0) {
      out.say(`Nothing to remove in ${target.name}`);
      return EXIT.done;
    }
    tell(context, target.name, garbage, flags.dryRun === true);
    if (flags.dryRun === true) {
      out.say('Dry run: nothing was changed');
      return EXIT.done;
    }
    if (flags.yes !== true) {
      const prompter = required(
        context.prompter,
        'A confirmation',
        '--yes, or --dry-run to see what would be done',
      );
      if (!isYes(await prompter.ask(`Remove ${total === 1 ? 'it' : `these ${total}`} for good? [y/N] `)))
        return EXIT.done;
    }
    if (garbage.trash.length > 0) await emptyTrash(context, target, open, ages);
    for (const upload of garbage.uploads) await uploads?.abort(upload, { signal: context.signal });
    out.say(`Removed from ${target.name}: ${words(garbage)}`, { tone: 'good' });
    return EXIT.done;
  } finally {
    uploads?.close();
  }
}

async function oldUploads(
  { out, signal }: Context,
  uploads: Uploads | undefined,
  { nowMs, uploadAgeMs }: Ages,
): Promise<readonly OpenUpload[]> {
  try {
    const found = (await uploads?.list({ signal })) ?? [];
    return found.filter(({ startedMs }) => nowMs - startedMs >= uploadAgeMs);
  } catch (error) {
    if (!isS4Error(error, 'STORE_DENIED')) throw error;
    out.say('Note: unfinished uploads may not be listed with these keys', { tone: 'warn', level: 'warning' });
    return [];
  }
}

/**
 * Under the folder's lock, after recovery: an intent that a crash left open may need what is in the trash. Each file is
 * expected as it was when it was moved there, looked at again just before it is unlinked; one that somebody wrote to since
 * comes back beside its original. A crash leaves what is not unlinked yet.
 */
async function emptyTrash(
  { services, signal, out }: Context,
  target: Selection['target'],
  { store, folder }: OpenTarget,
  { trash, nowMs }: Ages,
): Promise<void> {
  const notice = (_: string, path: string, message: string): void => out.say(`Note: ${path}: ${message}`);
  const deps = { target, store, folder, runtime: services.runtime, notice, offline: true, signal } as const;
  const copies = await withLockedBase(deps, () => folder.purgeTrash({ ...trash, nowMs }));
  for (const path of copies) out.say(`Note: ${path}: it was written to after it was replaced: it is back`);
}

function tell({ out }: Context, target: string, { trash, uploads }: Garbage, dryRun: boolean): void {
  const lines = [
    ...trash.map(({ path, sizeBytes, movedMs }) => ({
      record: { what: 'trash', path, sizeBytes, since: new Date(movedMs).toISOString() },
      text: `  trash   ${path} (${formatBytes(sizeBytes)}, moved away at ${formatTime(movedMs)})`,
    })),
    ...uploads.map(({ key, startedMs, uploadId }) => ({
      record: { what: 'upload', path: key, since: new Date(startedMs).toISOString(), uploadId },
      text: `  upload  ${key} (unfinished, begun at ${formatTime(startedMs)})`,
    })),
  ];
  out.say(`In ${target}: ${words({ trash, uploads })}`, { tone: 'strong' });
  for (const { record } of lines) out.record({ kind: 'garbage', target, ...record, dryRun });
  for (const { text } of lines.slice(0, SHOWN)) out.result(text);
  if (lines.length > SHOWN) out.say(`  and ${lines.length - SHOWN} more (all with --json)`, { tone: 'dim' });
}

function words({ trash, uploads }: Garbage): string {
  const bytes = trash.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [
    ...(trash.length === 0 ? [] : [`${count(trash.length, 'file')} in the trash (${formatBytes(bytes)})`]),
    ...(uploads.length === 0 ? [] : [count(uploads.length, 'unfinished upload')]),
  ].join(', ');
}
