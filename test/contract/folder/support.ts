import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type {
  Folder,
  LocalStat,
  Placement,
  StagedAs,
  WalkItem,
  WalkOptions,
} from '../../../src/engine/ports/folder.ts';
import type { Fingerprint } from '../../../src/sync/entry.ts';
import { parseKey, type RelPath } from '../../../src/sync/path.ts';

/** The user's own hands on the folder, behind s4's back. Parents are made as needed. */
export interface UserHands {
  /** Writes in place (same inode) where a file is, else creates one. */
  write(path: string, text: string, options?: { readonly executable?: boolean }): Promise<void>;
  symlink(path: string, text: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A file, symlink or empty folder. */
  remove(path: string): Promise<void>;
  /** Text of a file, or `-> text` of a symlink; undefined when there is neither. */
  read(path: string): Promise<string | undefined>;
}

export interface FolderFixture {
  readonly folder: Folder;
  readonly user: UserHands;
  /** What the folder's runtime says the time is. */
  nowMs(): number;
  advance(ms: number): void;
  /** Another Folder over the same content, as after a restart. */
  reopen(): Promise<Folder>;
  dispose(): Promise<void>;
}

export const HOUR_MS = 3_600_000;

export function relPath(text: string): RelPath {
  const parsed = parseKey(text);
  if (!parsed.ok || parsed.folder) throw new Error(`not a path: ${text}`);
  return parsed.path;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export async function collectWalk(folder: Folder, options?: WalkOptions): Promise<readonly WalkItem[]> {
  const items: WalkItem[] = [];
  for await (const batch of folder.walk(options)) items.push(...batch);
  return items;
}

export function walkKeys(items: readonly WalkItem[]): readonly string[] {
  return items.flatMap((item) => (item.kind === 'entry' ? [item.row.key] : []));
}

export function fingerprintOf(stat: LocalStat | undefined): Fingerprint {
  if (stat?.kind !== 'file' && stat?.kind !== 'symlink') throw new Error(`no fingerprint: ${stat?.kind}`);
  return stat.fingerprint;
}

export async function fingerprintAt(folder: Folder, path: string): Promise<Fingerprint> {
  return fingerprintOf(await folder.stat(relPath(path)));
}

export const PLAIN = { kind: 'file', executable: false, mtimeNs: 1_600_000_000_123_456_000n } as const;

export async function stageText(folder: Folder, text: string, as: StagedAs = PLAIN): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const staging = await folder.stage(bytes.byteLength);
  await staging.write(bytes);
  const staged = await staging.finish(as);
  expect(staged).toMatchObject({ temp: staging.temp, digest: sha256(text), sizeBytes: bytes.byteLength });
  return staged.temp;
}

export function intoTrash(
  folder: Folder,
  path: string,
  temp: string,
  expected: Fingerprint | undefined,
): Placement {
  return {
    path: relPath(path),
    temp,
    expected: expected === undefined ? { kind: 'absent' } : { kind: 'present', fingerprint: expected },
    displaceTo: { kind: 'trash', ref: folder.trashRef(relPath(path)) },
  };
}
