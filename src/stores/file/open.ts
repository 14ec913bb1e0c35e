import { readdirSync, statfsSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Runtime } from '../../engine/ports/runtime.ts';
import type { Store } from '../../engine/ports/store.ts';
import type { FileContext, FileStep } from './file-context.ts';
import { unlessMissing } from './file-errors.ts';
import { createFileStore } from './file-store.ts';
import { holderIn, stateOfHolder, thisHolder } from './holder.ts';
import { layoutOf } from './layout.ts';
import { createLocks } from './locks.ts';

export interface FileStoreOptions {
  /** Absolute path of a folder that `prepareFileStore` made into a store. */
  readonly root: string;
  readonly runtime: Runtime;
  /** For tests that crash there. */
  readonly atStep?: (step: FileStep) => void;
}

/** File systems that number their files anew at each mount: FAT, exFAT, NTFS, FUSE, SMB. */
const UNSTABLE_INODES: ReadonlySet<number> = new Set([
  0x4d44, 0x2011bab0, 0x5346544e, 0x7366746e, 0x65735546, 0xff534d42, 0xfe534d42, 0x517b,
]);

/**
 * A plain directory as a store. Opens without touching the disk's content; every call throws S4Error STORE_NO_BUCKET
 * while the root is missing.
 */
export function openFileStore(options: FileStoreOptions): Store {
  const root = path.resolve(options.root);
  const layout = layoutOf(root);
  const self = thisHolder();
  const context: FileContext = {
    layout,
    locks: createLocks(layout, self, options.runtime),
    runtime: options.runtime,
    stableInodes: !UNSTABLE_INODES.has(fileSystemType(root) ?? 0),
    tempName: () => `${self}.${options.runtime.randomHex(8)}`,
    step: options.atStep ?? (() => {}),
  };
  removeDeadTemps(context);
  return createFileStore(context, pathToFileURL(root).href);
}

function fileSystemType(root: string): number | undefined {
  return unlessMissing(() => statfsSync(root).type);
}

/** Temp files of processes that are gone; another machine's are left to it. */
function removeDeadTemps({ layout }: FileContext): void {
  const self = thisHolder();
  for (const name of unlessMissing(() => readdirSync(layout.temp)) ?? []) {
    const holder = holderIn(name);
    if (holder !== undefined && stateOfHolder(holder, self) === 'dead')
      unlessMissing(() => unlinkSync(path.join(layout.temp, name)));
  }
}
