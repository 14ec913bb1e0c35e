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
folderContract('a real folder without anchors', () => diskFixture({ anchored: false }));
