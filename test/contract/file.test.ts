import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openFileStore } from '../../src/stores/file/open.ts';
import { prepareFileStore } from '../../src/stores/file/prepare.ts';
import { realRuntime } from '../unit/stores/test-runtime.ts';
import { storeContract } from './store-contract.ts';

storeContract('file', async () => {
  const root = mkdtempSync(path.join(os.tmpdir(), 's4-file-store-'));
  prepareFileStore(root);
  return {
    store: openFileStore({ root, runtime: realRuntime() }),
    cleanup: () => rm(root, { recursive: true, force: true }),
  };
});
