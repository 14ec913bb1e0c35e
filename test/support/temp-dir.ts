import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir {
  /** Absolute, without symlinks. */
  readonly path: string;
  remove(): Promise<void>;
}

/** A fresh folder on the real disk; the test removes it. */
export async function createTempDir(): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 's4-test-')));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
