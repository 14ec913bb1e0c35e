import { afterAll, beforeAll } from 'vitest';
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

storeContract('s3 on SeaweedFS', () => openPlace(server, { versioned: false }));
storeContract('s3 on SeaweedFS with versions', () => openPlace(server, { versioned: true }));
