import { openBucket } from '../../src/stores/s3/bucket.ts';
import { openS3Store } from '../../src/stores/s3/open.ts';
import type { OpenedStore } from '../contract/store-contract.ts';
import { realRuntime } from '../support/real-runtime.ts';
import type { S3Server } from '../support/servers.ts';

let places = 0;

/** A store in a prefix of its own, in a new bucket, that uses what a probe proved. */
export async function openPlace(
  server: S3Server,
  options: { readonly versioned: boolean; readonly prefix?: string },
): Promise<OpenedStore> {
  places += 1;
  const service = { ...server.options, runtime: realRuntime };
  const bucket = openBucket({ ...service, bucket: `s4-contract-${places}` });
  await bucket.create();
  if (options.versioned) await bucket.enableVersioning();
  bucket.close();
  const place = { ...service, bucket: `s4-contract-${places}`, prefix: options.prefix ?? `folder/${places}` };
  const prober = openS3Store(place);
  const capabilities = await prober.probe();
  await prober.close();
  return { store: openS3Store({ ...place, capabilities }), cleanup: async () => undefined };
}
