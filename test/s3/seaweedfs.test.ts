import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeContract } from '../contract/store-contract.ts';
import { type S3Server, startSeaweed } from '../support/servers.ts';
import { openPlace } from './s3-places.ts';

let server: S3Server;
beforeAll(async () => {
  server = await startSeaweed();
});
afterAll(async () => {
  await server?.stop();
});

const skip = {
  'probing leaves nothing behind':
    'its conditional completion is not atomic: a race finds that out mostly, and two probes may differ',
};

storeContract('s3 on SeaweedFS', () => openPlace(server, { versioned: false }), { skip });
storeContract('s3 on SeaweedFS with versions', () => openPlace(server, { versioned: true }), {
  skip: {
    ...skip,
    'of a matching delete and a matching put, one wins':
      'it often lets both through: s4 looks at what a deletion hid (meeting-deletions.test.ts)',
  },
});

test.each([false, true])('a probe removes what it wrote, versioned: %s', async (versioned) => {
  const { store } = await openPlace(server, { versioned });
  await store.probe();
  for await (const page of store.list()) expect(page).toEqual([]);
  await store.close();
});
