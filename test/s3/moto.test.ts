import { afterAll, beforeAll } from 'vitest';
import { storeContract } from '../contract/store-contract.ts';
import { type S3Server, startMoto } from '../support/servers.ts';
import { openPlace } from './s3-places.ts';

let server: S3Server;
beforeAll(async () => {
  server = await startMoto();
});
afterAll(async () => {
  await server?.stop();
});

storeContract('s3 on moto', () => openPlace(server, { versioned: false }));
storeContract('s3 on moto with versions', () => openPlace(server, { versioned: true }));
