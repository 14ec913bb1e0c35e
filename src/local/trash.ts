import { readdirSync, readFileSync } from 'node:fs';
import type { TrashRef } from '../engine/ports/folder.ts';
import type { Runtime } from '../engine/ports/runtime.ts';
import type { Fingerprint } from '../sync/entry.ts';
import type { RelPath } from '../sync/path.ts';
import { look } from './entries.ts';
import { isErrno } from './fs-errors.ts';
import type { Home } from './home.ts';
import type { Sys } from './sys.ts';
import { createTrashNames, splitTrashRef, trashRunName } from './trash-names.ts';

/** A line of `<run>.jsonl`: what was moved, so that a later look can tell whether it was written to since. */
export interface TrashRecord {
  readonly ref: TrashRef;
  readonly path: RelPath;
  readonly movedMs: number;
  readonly inode: bigint;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
}

/**
 * `.s4/trash/<run>/<original path>`, one run per opened folder, and `.s4/trash/<run>.jsonl` beside it. All calls are
 * synchronous: they stand between system calls that must follow each other in one tick.
 */
export interface Trash {
  ref(path: RelPath): TrashRef;
  /** Where a reference lies on disk. */
  locate(ref: TrashRef): string;
  /** Makes the folders above it. */
  prepare(ref: TrashRef): void;
  /**
   * Notes what a reference holds, before it is moved there: inode, size and mtime survive the move. A later note
   * of the same reference replaces an earlier one.
   */
  note(ref: TrashRef, path: RelPath, fingerprint: Fingerprint): void;
  /** What the manifests of all runs say, by reference; lines that cannot be read are left out. */
  records(): ReadonlyMap<TrashRef, TrashRecord>;
}

export function createTrash(home: Home, sys: Sys, runtime: Runtime): Trash {
  let names: ((path: RelPath) => TrashRef) | undefined;
  const locate = (ref: TrashRef) => {
    const { run, segments } = splitTrashRef(ref);
    return [home.trash, run, ...segments].join('/');
  };
  return {
    ref(path) {
      names ??= createTrashNames(trashRunName(runtime.nowMs(), runtime.randomHex(2)));
      return names(path);
    },
    locate,
    prepare(ref) {
      home.ensure();
      const { run, segments } = splitTrashRef(ref);
      // Looked at each time: purging removes folders that are empty, and people empty the trash.
      let folder = home.trash;
      makeFolder(sys, folder);
      for (const segment of [run, ...segments.slice(0, -1)]) {
        folder = `${folder}/${segment}`;
        makeFolder(sys, folder);
      }
    },
    note(ref, path, { inode, sizeBytes, mtimeNs }) {
      const { run } = splitTrashRef(ref);
      const line = {
        ref,
        path,
        movedMs: runtime.nowMs(),
        inode: `${inode}`,
        sizeBytes,
        mtimeNs: `${mtimeNs}`,
      };
      sys.append(`${home.trash}/${run}.jsonl`, Buffer.from(`${JSON.stringify(line)}\n`));
    },
    records: () => readRecords(home.trash),
  };
}

function makeFolder(sys: Sys, path: string): void {
  if (look(path) !== undefined) return;
  try {
    sys.mkdir(path, 0o700);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

function readRecords(trashPath: string): ReadonlyMap<TrashRef, TrashRecord> {
  const records = new Map<TrashRef, TrashRecord>();
  for (const name of listNames(trashPath)) {
    if (!name.endsWith('.jsonl')) continue;
    for (const line of readFileSync(`${trashPath}/${name}`, 'utf8').split('\n')) {
      const record = parseRecord(line);
      if (record !== undefined) records.set(record.ref, record);
    }
  }
  return records;
}

export function listNames(path: string): readonly string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function parseRecord(line: string): TrashRecord | undefined {
  if (line === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    // A line that a crash cut short: what it tells of was not moved yet, or is treated as unknown.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { ref, path, movedMs, inode, sizeBytes, mtimeNs } = value as Record<string, unknown>;
  if (typeof ref !== 'string' || typeof path !== 'string') return undefined;
  if (typeof movedMs !== 'number' || typeof sizeBytes !== 'number') return undefined;
  if (!isDecimal(inode) || !isDecimal(mtimeNs)) return undefined;
  return {
    ref: ref as TrashRef,
    path: path as RelPath,
    movedMs,
    inode: BigInt(inode),
    sizeBytes,
    mtimeNs: BigInt(mtimeNs),
  };
}

function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && /^-?\d+$/.test(value);
}
