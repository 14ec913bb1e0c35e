import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { ObjectKey, Store } from '../../../src/engine/ports/store.ts';
import { openFileStore } from '../../../src/stores/file/open.ts';
import { prepareFileStore } from '../../../src/stores/file/prepare.ts';
import { bytesSource, readAll } from '../../contract/room.ts';
import type { ChildTask } from './file-store-child.ts';
import { realRuntime } from './test-runtime.ts';

export interface Disk {
  readonly root: string;
  readonly store: Store;
  remove(): Promise<void>;
}

/** A prepared store in a temporary folder. */
export function makeDisk(): Disk {
  const root = mkdtempSync(path.join(os.tmpdir(), 's4-file-store-'));
  prepareFileStore(root);
  return {
    root,
    store: openFileStore({ root, runtime: realRuntime() }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

let writes = 0;

export async function putText(
  store: Store,
  key: string,
  text: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<string> {
  writes += 1;
  const outcome = await store.put(key as ObjectKey, bytesSource(new TextEncoder().encode(text)), {
    condition: { kind: 'none' },
    metadata: { 's4-write': `w${writes}`, ...metadata },
  });
  if (outcome.kind !== 'stored') throw new Error(outcome.kind);
  return outcome.token.etag;
}

export async function textAt(store: Store, key: string, versionId?: string): Promise<string | undefined> {
  const bytes = await readAll(
    await store.get(key as ObjectKey, versionId === undefined ? {} : { versionId }),
  );
  return bytes && new TextDecoder().decode(bytes);
}

/** The child as one file that plain Node runs. */
export async function bundleChild(): Promise<string> {
  const outfile = path.join(mkdtempSync(path.join(os.tmpdir(), 's4-child-')), 'child.mjs');
  const entry = fileURLToPath(new URL('./file-store-child.ts', import.meta.url));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  return outfile;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

export async function runChild(script: string, task: ChildTask): Promise<ChildExit> {
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, errors }));
  });
}
