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

const skip = {
  'key with a line feed and a tab': 'its router knows no path with a line feed: refused as a key',
  'of two large puts that expect absence, one wins':
    'it checks, then takes a while to join the parts, then writes: an imitation, not a service',
};

storeContract('s3 on moto', () => openPlace(server, { versioned: false }), { skip });
storeContract('s3 on moto with versions', () => openPlace(server, { versioned: true }), { skip });
