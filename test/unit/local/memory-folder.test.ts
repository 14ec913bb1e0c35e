import { createMemoryDisk } from '../../../src/local/memory/disk.ts';
import { folderContract } from '../../contract/folder-contract.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';

folderContract('memory', async () => {
  const runtime = createFakeRuntime();
  const disk = createMemoryDisk({ runtime });
  const { user } = disk;
  return {
    folder: disk.open(),
    user: {
      write: async (path, text, options) => user.write(path, text, options),
      symlink: async (path, text) => user.symlink(path, text),
      makeFolder: async (path) => user.mkdir(path),
      rename: async (from, to) => user.rename(from, to),
      remove: async (path) => user.remove(path),
      read: async (path) => user.read(path),
    },
    nowMs: runtime.nowMs,
    advance: runtime.advance,
    reopen: async () => disk.open(),
    dispose: async () => disk.crash(),
  };
});
