import type { StoreCapabilities } from '../../engine/ports/store.ts';
import { type ByteBudget, byteBudget } from './byte-budget.ts';
import { type EtagTrust, etagTrust } from './integrity.ts';
import { type KeySpace, keySpace } from './keys.ts';
import type { S3StoreOptions } from './options.ts';
import { createSession } from './session.ts';
import { createTransport, type Transport } from './transport.ts';

/** What the operations of one store share. */
export interface StoreContext {
  readonly transport: Transport;
  readonly keys: KeySpace;
  /** For the bodies of all puts together. */
  readonly budget: ByteBudget;
  readonly etags: EtagTrust;
  /** Storage class and encryption, for whatever creates an object. */
  readonly creationHeaders: Readonly<Record<string, string>>;
  /** Largest object that CopyObject takes, and the parts in which larger ones are copied. */
  readonly copyLimits: { readonly wholeBytes: number; readonly partBytes: number };
  /** What was proved of the service: when the target was added, or by this store's own probe. */
  capabilities(): StoreCapabilities;
}

/** Bytes that all uploads of a store hold in memory together. */
const HELD_BYTES = 128 * 1024 * 1024;
const GIB = 1024 ** 3;

export function createContext(
  options: S3StoreOptions,
  capabilities: StoreContext['capabilities'],
): StoreContext {
  return {
    transport: createTransport(createSession(options), options.bucket, options.runtime),
    keys: keySpace(options.prefix),
    budget: byteBudget(HELD_BYTES),
    etags: etagTrust(),
    creationHeaders: creationHeaders(options),
    copyLimits: { wholeBytes: 5 * GIB, partBytes: GIB },
    capabilities,
  };
}

function creationHeaders({ storageClass, sse }: S3StoreOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  if (storageClass !== undefined) headers['x-amz-storage-class'] = storageClass;
  if (sse?.startsWith('aws:kms:') === true) {
    headers['x-amz-server-side-encryption'] = 'aws:kms';
    headers['x-amz-server-side-encryption-aws-kms-key-id'] = sse.slice('aws:kms:'.length);
  } else if (sse !== undefined) headers['x-amz-server-side-encryption'] = sse;
  return headers;
}
