import { mergedHistory } from '../remote-log/history.ts';
import type { HistoryEntry } from '../remote-log/reader.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { formatBytes, formatTime } from '../report/format.ts';
import type { Line } from '../report/line.ts';
import type { RelPath } from '../sync/path.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { onePath } from './one-path.ts';
import { withStore } from './open-target.ts';
import { loadTargets, select } from './select.ts';

export interface LogFlags {
  readonly lines: number;
}

/** `s4 log`: who changed what, newest first, as every machine's s4 wrote it down. */
export async function log(context: Context, arg: string | undefined, flags: LogFlags): Promise<ExitCode> {
  const isTarget = arg === undefined || loadTargets(context).some(({ name }) => name === arg);
  const selections = isTarget
    ? (await select(context, arg === undefined ? [] : [arg])).map(({ target }) => ({
        target,
        path: undefined,
      }))
    : [await onePath(context, arg)];
  const several = selections.length > 1;
  for (const { target, path } of selections) {
    if (several) context.out.say(`${target.name}:`, { tone: 'strong' });
    const more = await withStore(context, target, (store) =>
      showSome(context, target.name, mergedHistory(store, { signal: context.signal }), path, flags.lines),
    );
    if (more)
      context.out.say(`There is more: -n ${flags.lines * 10} shows ten times as much.`, { tone: 'dim' });
  }
  return EXIT.done;
}

async function showSome(
  context: Context,
  target: string,
  history: AsyncIterable<HistoryEntry>,
  path: RelPath | undefined,
  most: number,
): Promise<boolean> {
  let shown = 0;
  for await (const found of history) {
    if (!isWithin(found.entry.path, path)) continue;
    if (shown === most) return true;
    shown++;
    context.out.record(changeRecord(target, found));
    context.out.lines([changeLine(found)]);
  }
  if (shown === 0) context.out.say('Nothing is written down yet.');
  return false;
}

function isWithin(key: string, path: RelPath | undefined): boolean {
  return path === undefined || key === path || key.startsWith(`${path}/`);
}

function changeLine({ host, entry }: HistoryEntry): Line {
  const word = changeWord(entry);
  const size = entry.op === 'put' && !entry.path.endsWith('/') ? ` (${formatBytes(entry.sizeBytes)})` : '';
  return {
    text: `${formatTime(entry.atMs)}  ${escapeForTerminal(host).padEnd(12)}  ${word.padEnd(7)}  ${escapeForTerminal(entry.path)}${size}`,
    tone: word === 'new' ? 'create' : word === 'deleted' ? 'delete' : 'update',
    level: 'error',
  };
}

function changeWord({ op, replaced }: HistoryEntry['entry']): 'new' | 'changed' | 'deleted' | 'mode' {
  if (op === 'delete') return 'deleted';
  if (op === 'mode') return 'mode';
  return replaced === undefined ? 'new' : 'changed';
}

function changeRecord(
  target: string,
  { client, host, entry }: HistoryEntry,
): { readonly kind: 'change' } & Record<string, unknown> {
  const { path, op, atMs, sizeBytes, etag, versionId, digest, replaced, sequence } = entry;
  return {
    kind: 'change',
    target,
    path,
    op,
    at: new Date(atMs).toISOString(),
    host,
    client,
    sequence,
    sizeBytes,
    etag,
    ...(versionId === undefined ? {} : { versionId }),
    ...(digest === undefined ? {} : { digest }),
    ...(replaced === undefined ? {} : { replaced }),
  };
}
