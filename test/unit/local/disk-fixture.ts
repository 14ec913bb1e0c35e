import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import type { Folder } from '../../../src/engine/ports/folder.ts';
import type { Runtime } from '../../../src/engine/ports/runtime.ts';
import { type OpenFolderOptions, openFolder } from '../../../src/local/open-folder.ts';
import { systemRuntime } from '../../../src/local/runtime.ts';
import type { FolderFixture, UserHands } from '../../contract/folder-contract.ts';

export type DiskOptions = Omit<OpenFolderOptions, 'root' | 'runtime'>;

export interface DiskFixture extends FolderFixture {
  readonly root: string;
  readonly runtime: Runtime;
  reopen(options?: DiskOptions): Promise<Folder>;
}

/** A real folder in a temporary place. */
export async function diskFixture(options: DiskOptions = {}): Promise<DiskFixture> {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 's4-folder-')));
  let aheadMs = 0;
  const system = systemRuntime({ host: 'laptop' });
  const runtime: Runtime = { ...system, nowMs: () => Date.now() + aheadMs };
  const folder = await openFolder({ root, runtime, ...options });
  return {
    root,
    runtime,
    folder,
    user: handsOn(root),
    nowMs: runtime.nowMs,
    advance: (ms) => {
      aheadMs += ms;
    },
    reopen: (other = options) => openFolder({ root, runtime, ...other }),
    dispose: async () => {
      await folder.close();
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

function handsOn(root: string): UserHands {
  const at = (name: string) => path.join(root, name);
  const withParents = (name: string) => {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true });
    return at(name);
  };
  return {
    write: async (name, text, { executable } = {}) => {
      fs.writeFileSync(withParents(name), text);
      if (executable !== undefined) fs.chmodSync(at(name), executable ? 0o755 : 0o644);
    },
    symlink: async (name, text) => fs.symlinkSync(text, withParents(name)),
    makeFolder: async (name) => void fs.mkdirSync(at(name), { recursive: true }),
    rename: async (from, to) => fs.renameSync(at(from), withParents(to)),
    remove: async (name) => {
      if (fs.lstatSync(at(name)).isDirectory()) fs.rmdirSync(at(name));
      else fs.unlinkSync(at(name));
    },
    read: async (name) => {
      const stats = fs.lstatSync(at(name), { throwIfNoEntry: false });
      if (stats?.isSymbolicLink()) return `-> ${fs.readlinkSync(at(name))}`;
      return stats?.isFile() ? fs.readFileSync(at(name), 'utf8') : undefined;
    },
  };
}

/** The workers as they are shipped, in a temporary place. */
export async function buildWorkers(): Promise<{ readonly url: URL; dispose(): void }> {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 's4-workers-'));
  fs.writeFileSync(path.join(outdir, 'package.json'), '{"type":"module"}');
  await build({
    entryPoints: ['src/local/walk-worker.ts', 'src/local/hash-worker.ts'],
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  return {
    url: new URL(`file://${outdir}/`),
    dispose: () => fs.rmSync(outdir, { recursive: true, force: true }),
  };
}
