import { findTarget } from '../config/selection.ts';
import { S4Error } from '../lib/errors.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { formatBytes, formatTime } from '../report/format.ts';
import { type Cell, tableLines } from '../report/table.ts';
import { keyPath, parseKey, type RelPath } from '../sync/path.ts';
import type { Column } from '../ui/text/table-layout.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { fitOf, fittedTable } from './fit.ts';
import { type OpenTarget, withTarget } from './open-target.ts';
import { loadTargets } from './select.ts';

export interface LsFlags {
  readonly sortBy?: 'key' | 'local' | 's3';
  readonly descending?: boolean;
  readonly all?: boolean;
}

interface Row {
  readonly key: string;
  /** Undefined: not there by now. */
  readonly localMs: number | undefined;
  readonly remoteMs: number | undefined;
  readonly sizeBytes: number;
  readonly tracked: boolean;
}

/**
 * `s4 ls`: the files that both sides agreed on, with the time of each side. With `all` also what was deleted on a side
 * since then, and objects that are not tracked yet.
 */
export async function ls(context: Context, spec: string, flags: LsFlags): Promise<ExitCode> {
  const { target, path } = parseSpec(context, spec);
  const rows = await withTarget(context, target, (open) =>
    flags.all === true ? allRows(context, target, open, path) : trackedRows(context, target, open, path),
  );
  const sorted = sortRows(rows, flags.sortBy ?? 'key', flags.descending === true);
  for (const row of sorted) context.out.record(rowRecord(target.name, row));
  const cells = sorted.map((row): readonly Cell[] => [
    escapeForTerminal(row.key),
    row.localMs === undefined ? (row.tracked ? '<deleted>' : '') : formatTime(row.localMs),
    row.remoteMs === undefined ? (row.tracked && flags.all ? '<deleted>' : '') : formatTime(row.remoteMs),
  ]);
  const fit = fitOf(context);
  if (fit === undefined)
    for (const text of tableLines(['key', 'local', 's3'], cells)) context.out.result(text);
  else
    context.out.lines(
      fittedTable(
        fit,
        COLUMNS,
        cells.map((row, i) => [...row, sizeOf(sorted[i])]),
      ),
    );
  const total = sorted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  context.out.result(`Total Size: ${(total / (1024 * 1024)).toFixed(2)}Mb`);
  return EXIT.done;
}

/** On a terminal; in pipes the form of Python S4 stays. */
const COLUMNS: readonly Column[] = [
  { header: 'key', cut: 'middle', least: 24 },
  { header: 'local', optional: 2 },
  { header: 's3', optional: 1 },
  { header: 'size', align: 'right', optional: 3 },
];

function sizeOf(row: Row | undefined): string {
  return row === undefined || row.key.endsWith('/') ? '' : formatBytes(row.sizeBytes);
}

type LsTarget = ReturnType<typeof findTarget>;

/** Target names hold no colon. */
function parseSpec(
  context: Context,
  spec: string,
): { readonly target: LsTarget; readonly path: RelPath | undefined } {
  const colon = spec.indexOf(':');
  const target = findTarget(colon < 0 ? spec : spec.slice(0, colon), loadTargets(context));
  const raw = colon < 0 ? '' : spec.slice(colon + 1).replace(/^\/+|\/+$/g, '');
  if (raw === '') return { target, path: undefined };
  const parsed = parseKey(raw);
  if (parsed.ok) return { target, path: parsed.path };
  throw new S4Error('USAGE', `"${raw}" is no path of a target (${parsed.fault.replaceAll('-', ' ')}).`);
}

async function trackedRows(
  context: Context,
  target: LsTarget,
  { folder }: OpenTarget,
  path: RelPath | undefined,
): Promise<readonly Row[]> {
  const base = await context.services.openBase(target, folder);
  const rows: Row[] = [];
  for await (const batch of base.rows()) {
    for (const { key, content, mtimeNs, remote } of batch) {
      if (!isWithin(key, path)) continue;
      rows.push({
        key,
        localMs: content.kind === 'folder' ? remote.modifiedMs : Number(mtimeNs / 1_000_000n),
        remoteMs: remote.modifiedMs,
        sizeBytes: content.kind === 'folder' ? 0 : content.sizeBytes,
        tracked: true,
      });
    }
  }
  return rows;
}

async function allRows(
  context: Context,
  target: LsTarget,
  open: OpenTarget,
  path: RelPath | undefined,
): Promise<readonly Row[]> {
  const tracked = await trackedRows(context, target, open, path);
  const remote = new Map<string, Row>();
  for await (const page of open.store.list({ signal: context.signal })) {
    for (const { key, token } of page) {
      if (!isWithin(key, path) || !parseKey(key).ok) continue;
      const { modifiedMs, sizeBytes } = token;
      remote.set(key, { key, localMs: undefined, remoteMs: modifiedMs, sizeBytes, tracked: false });
    }
  }
  const rows: Row[] = [];
  for (const row of tracked) {
    const parsed = parseKey(row.key);
    const here = parsed.ok && (await open.folder.stat(parsed.path)) !== undefined;
    rows.push({
      ...row,
      localMs: here ? row.localMs : undefined,
      remoteMs: remote.get(row.key)?.remoteMs,
    });
    remote.delete(row.key);
  }
  return [...rows, ...remote.values()];
}

function isWithin(key: string, path: RelPath | undefined): boolean {
  if (path === undefined) return true;
  return keyPath(key as Parameters<typeof keyPath>[0]) === path || key.startsWith(`${path}/`);
}

function sortRows(rows: readonly Row[], by: 'key' | 'local' | 's3', descending: boolean): readonly Row[] {
  const value = (row: Row): number => (by === 'local' ? (row.localMs ?? 0) : (row.remoteMs ?? 0));
  const byKey = (a: Row, b: Row): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  const sorted = rows.toSorted((a, b) => (by === 'key' ? 0 : value(a) - value(b)) || byKey(a, b));
  return descending ? sorted.reverse() : sorted;
}

function rowRecord(target: string, row: Row): { readonly kind: 'entry' } & Record<string, unknown> {
  return {
    kind: 'entry',
    target,
    key: row.key,
    tracked: row.tracked,
    sizeBytes: row.sizeBytes,
    ...(row.localMs === undefined ? {} : { local: new Date(row.localMs).toISOString() }),
    ...(row.remoteMs === undefined ? {} : { remote: new Date(row.remoteMs).toISOString() }),
  };
}
