import type { BigIntStats } from 'node:fs';
import type { WalkItem } from '../engine/ports/folder.ts';
import { assertNever } from '../lib/assert-never.ts';
import type { LocalRow } from '../sync/entry.ts';
import type { EntryKey, RelPath } from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import { entryType, isExecutable } from './fingerprint.ts';

/** Walk items as they cross threads: flat arrays that are moved, and one string, instead of an object an entry. */
export interface WalkBatch {
  /** One `ITEM` code an item. */
  readonly kinds: Uint8Array<ArrayBuffer>;
  /** Key or path of each item, joined by NUL, which no name holds. */
  readonly keys: string;
  /** inode, size, mtime, ctime of each file and symlink. */
  readonly stats: BigInt64Array<ArrayBuffer>;
  /** What problems, notices and rules say beyond their path, in order. */
  readonly extras: readonly WalkExtra[];
}

export type WalkExtra =
  | {
      readonly kind: 'problem';
      readonly problem: Problem;
      readonly named: boolean;
      readonly subtree: boolean;
    }
  | { readonly kind: 'notice'; readonly message: string }
  | { readonly kind: 'rules'; readonly text: string };

const ITEM = {
  file: 0,
  executable: 1,
  symlink: 2,
  folder: 3,
  occupiedFolder: 4,
  extra: 5,
  ignoredFile: 6,
  ignoredFolder: 7,
} as const;
const STAT_FIELDS = 4;

export interface BatchBuilder {
  readonly size: number;
  /** A file or symlink, its mode given apart because it is known already. */
  entry(key: string, stats: BigIntStats, mode: number): void;
  ignored(path: string, folder: boolean): void;
  /** @param key - the path, '' for the top or where there is none */
  extra(key: string, extra: WalkExtra): void;
  /** Puts a folder's row before what was added from `index` on, none of which is an entry. */
  insertFolder(index: number, key: string, occupied: boolean): void;
  /** What was added since the last call. */
  take(): WalkBatch;
}

export function createBatchBuilder(): BatchBuilder {
  let kinds: number[] = [];
  let keys: string[] = [];
  let stats: bigint[] = [];
  let extras: WalkExtra[] = [];
  const add = (kind: number, key: string) => {
    kinds.push(kind);
    keys.push(key);
  };
  return {
    get size() {
      return kinds.length;
    },
    entry(key, stat, mode) {
      add(
        entryType(mode) === 'symlink' ? ITEM.symlink : isExecutable(mode) ? ITEM.executable : ITEM.file,
        key,
      );
      stats.push(stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs);
    },
    ignored: (path, folder) => add(folder ? ITEM.ignoredFolder : ITEM.ignoredFile, path),
    extra(key, extra) {
      add(ITEM.extra, key);
      extras.push(extra);
    },
    insertFolder(index, key, occupied) {
      kinds.splice(index, 0, occupied ? ITEM.occupiedFolder : ITEM.folder);
      keys.splice(index, 0, key);
    },
    take() {
      const batch: WalkBatch = {
        kinds: Uint8Array.from(kinds),
        keys: keys.join('\0'),
        stats: BigInt64Array.from(stats),
        extras,
      };
      kinds = [];
      keys = [];
      stats = [];
      extras = [];
      return batch;
    },
  };
}

export function decodeBatch(batch: WalkBatch): readonly WalkItem[] {
  const keys = batch.keys.split('\0');
  const items: WalkItem[] = [];
  let nextStat = 0;
  let nextExtra = 0;
  for (let i = 0; i < batch.kinds.length; i++) {
    const key = keys[i] ?? '';
    const kind = batch.kinds[i];
    switch (kind) {
      case ITEM.file:
      case ITEM.executable:
      case ITEM.symlink:
        items.push({ kind: 'entry', row: decodeRow(key as EntryKey, kind, batch.stats, nextStat) });
        nextStat += STAT_FIELDS;
        break;
      case ITEM.folder:
      case ITEM.occupiedFolder: {
        const occupied = kind === ITEM.occupiedFolder;
        items.push({ kind: 'entry', row: { kind: 'folder', key: key as EntryKey, occupied } });
        break;
      }
      case ITEM.ignoredFile:
      case ITEM.ignoredFolder:
        items.push({ kind: 'ignored', path: key as RelPath, folder: kind === ITEM.ignoredFolder });
        break;
      default: {
        const extra = batch.extras[nextExtra++];
        if (extra === undefined) throw new Error('a walk batch lacks an extra');
        items.push(decodeExtra(key, extra));
      }
    }
  }
  return items;
}

function decodeRow(key: EntryKey, kind: number, stats: BigInt64Array, at: number): LocalRow {
  const fingerprint = {
    inode: stats[at] ?? 0n,
    sizeBytes: Number(stats[at + 1]),
    mtimeNs: stats[at + 2] ?? 0n,
    ctimeNs: stats[at + 3] ?? 0n,
  };
  if (kind === ITEM.symlink) return { kind: 'symlink', key, fingerprint };
  return { kind: 'file', key, fingerprint, executable: kind === ITEM.executable };
}

function decodeExtra(key: string, extra: WalkExtra): WalkItem {
  switch (extra.kind) {
    case 'problem': {
      const { problem, subtree } = extra;
      return { kind: 'problem', problem, path: extra.named ? (key as RelPath) : undefined, subtree };
    }
    case 'notice':
      return { kind: 'notice', path: key, message: extra.message };
    case 'rules':
      return { kind: 'rules', folder: key === '' ? undefined : (key as RelPath), text: extra.text };
    default:
      return assertNever(extra);
  }
}
