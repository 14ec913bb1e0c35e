import { afterAll, beforeAll } from 'vitest';
import { folderContract } from '../../contract/folder-contract.ts';
import { buildWorkers, diskFixture } from './disk-fixture.ts';

let workers: Awaited<ReturnType<typeof buildWorkers>>;
beforeAll(async () => {
  workers = await buildWorkers();
});
afterAll(() => workers.dispose());

folderContract('a real folder', () => diskFixture());
folderContract('a real folder with worker threads', () => diskFixture({ workerUrl: workers.url }));
// FAT and some network mounts: the documented weaker form must keep the same contract where nobody interferes.
const noLinks = {
  link: () => {
    throw Object.assign(new Error('EPERM: no hard links'), { code: 'EPERM', syscall: 'link' });
  },
};
folderContract('a real folder without hard links', () => diskFixture({ sys: noLinks }));
folderContract('a real folder without anchors', () => diskFixture({ anchored: false }));
