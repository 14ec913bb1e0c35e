import type { Store, StoreCapabilities } from '../../engine/ports/store.ts';
import { createContext } from './context.ts';
import { copyObject } from './copy.ts';
import { deleteObject } from './delete.ts';
import { getObject, pollObject } from './get.ts';
import { headObject } from './head.ts';
import { listObjects, listVersions } from './list.ts';
import { type S3StoreOptions, UNPROVED } from './options.ts';
import { probeStore } from './probe.ts';
import { putObject } from './put.ts';

/**
 * The objects below `s3://bucket/prefix`, on AWS or any compatible service. Nothing is sent before the first call.
 *
 * Conditions are left to the service only where `capabilities` (or this store's own `probe`) proved that it keeps
 * them; elsewhere the state is looked at just before the write, and what comes between is overtaken.
 *
 * @throws S4Error CONFIG_INVALID for an unreadable certificate file
 */
export function openS3Store(options: S3StoreOptions): Store {
  const { bucket, prefix } = options;
  let capabilities: StoreCapabilities = options.capabilities ?? UNPROVED;
  const context = createContext(options, () => capabilities);
  return {
    url: prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`,
    prefixBytes: context.keys.prefixBytes,
    requests: context.transport.requests,
    list: (listing = {}) => listObjects(context, listing),
    head: async (key, reading = {}) => {
      const { signal, versionId } = reading;
      const found = await headObject(context, context.keys.full(key), { signal, versionId });
      return found.kind === 'absent' ? found : { kind: 'found', state: found.state };
    },
    get: async (key, reading = {}) => getObject(context, key, reading),
    poll: async (key, etag, polling = {}) => pollObject(context, key, etag, polling),
    put: async (key, source, writing) => putObject(context, key, source, writing),
    copy: async (from, to, copying) => copyObject(context, from, to, copying),
    delete: async (key, deleting) => deleteObject(context, key, deleting),
    versions: (key, listing = {}) => listVersions(context, key, listing),
    probe: async (probing = {}) => {
      capabilities = await probeStore(context, probing);
      return capabilities;
    },
    close: async () => context.transport.session.close(),
  };
}
