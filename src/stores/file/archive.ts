import {
  type BigIntStats,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import path from 'node:path';
import { errnoOf, unlessMissing } from './file-errors.ts';
import { type KeyHash, type Layout, versionsFolder } from './layout.ts';
import { writeDurably } from './records.ts';

/** An earlier version of a key, or a delete marker. */
export interface ArchivedVersion {
  readonly id: string;
  readonly sequence: number;
  /** Absent for a delete marker. */
  readonly data?: { readonly file: string; readonly stats: BigIntStats };
  /** A copy of its record, where it had one. */
  readonly recordFile: string;
}

const NAME = /^(\d{10})-([0-9a-z-]+)\.(data|gone)$/;

/** Newest first. One that a crash archived twice is told once. */
export function archivedVersions(layout: Layout, hash: KeyHash): readonly ArchivedVersion[] {
  const folder = versionsFolder(layout, hash);
  const names = unlessMissing(() => readdirSync(folder)) ?? [];
  const found = new Map<string, ArchivedVersion>();
  for (const name of names.sort().reverse()) {
    const [, sequence, id, kind] = NAME.exec(name) ?? [];
    if (!sequence || !id || found.has(id)) continue;
    const file = path.join(folder, name);
    const recordFile = path.join(folder, `${sequence}-${id}.json`);
    const version = { id, sequence: Number(sequence), recordFile };
    if (kind === 'gone') {
      found.set(id, version);
      continue;
    }
    const stats = unlessMissing(() => lstatSync(file, { bigint: true }));
    if (stats) found.set(id, { ...version, data: { file, stats } });
  }
  return [...found.values()];
}

/** What is to be archived: the file that is current, and its record where it has one. */
export interface Archivable {
  readonly id: string;
  readonly recordFile: string | undefined;
}

export interface ArchiveTarget {
  readonly folder: string;
  readonly dataFile: string;
  readonly sequence: number;
}

/**
 * Makes room for a version and puts its record there; the data follows by `linkData` or `moveData`. A record without
 * data is nothing, so a crash in between does no harm. Call with the key's lock held.
 */
export function beginArchive(layout: Layout, hash: KeyHash, old: Archivable): ArchiveTarget {
  const folder = versionsFolder(layout, hash);
  mkdirSync(folder, { recursive: true });
  const sequence = 1 + highestSequence(folder);
  const stem = path.join(folder, `${digits(sequence)}-${old.id}`);
  const { recordFile } = old;
  if (recordFile !== undefined) unlessMissing(() => linkOrCopy(recordFile, `${stem}.json`));
  return { folder, dataFile: `${stem}.data`, sequence };
}

/** The old version gets a second name; its first one is about to be taken by the new version. */
export function linkData(from: string, target: ArchiveTarget): void {
  linkOrCopy(from, target.dataFile);
}

/** The old version gets another name: nothing is current afterwards. */
export function moveData(from: string, target: ArchiveTarget): void {
  renameSync(from, target.dataFile);
}

export function addDeleteMarker(target: ArchiveTarget, id: string): void {
  const stem = path.join(target.folder, `${digits(target.sequence + 1)}-${id}`);
  writeDurably(`${stem}.gone`, '');
}

function highestSequence(folder: string): number {
  return readdirSync(folder).reduce((highest, name) => Math.max(highest, Number(name.slice(0, 10)) || 0), 0);
}

function digits(sequence: number): string {
  return String(sequence).padStart(10, '0');
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    // No hard links here (FAT, exFAT, some network disks), or too many of this file.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EOPNOTSUPP', 'EACCES'].includes(errnoOf(error) ?? ''))
      throw error;
    copyDurably(from, to);
  }
}

function copyDurably(from: string, to: string): void {
  const stats = lstatSync(from);
  if (stats.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
    return;
  }
  const half = `${to}.part`;
  copyFileSync(from, half, constants.COPYFILE_FICLONE);
  utimesSync(half, stats.atimeMs / 1000, stats.mtimeMs / 1000);
  const handle = openSync(half, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(half, to);
}
