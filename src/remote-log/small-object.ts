import type { ObjectKey, ObjectState, Store } from '../engine/ports/store.ts';

export type WholeObject =
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly state: ObjectState }
  | { readonly kind: 'absent' }
  /** More bytes than the bound, or archived. */
  | { readonly kind: 'unusable'; readonly reason: string };

/** Fetches one of s4's own small objects whole, never more than `maxBytes` of it. */
export async function readWhole(
  store: Pick<Store, 'get'>,
  key: string,
  maxBytes: number,
  options: { readonly signal?: AbortSignal } = {},
): Promise<WholeObject> {
  const got = await store.get(key as ObjectKey, options);
  if (got.kind === 'absent') return { kind: 'absent' };
  if (got.kind !== 'found') return { kind: 'unusable', reason: `the object is ${got.kind}` };
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early closes the body: a forged object of any size costs no more than the bound.
  for await (const chunk of got.body) {
    length += chunk.byteLength;
    if (length > maxBytes) return { kind: 'unusable', reason: 'the object is too large' };
    chunks.push(chunk);
  }
  return { kind: 'read', bytes: Buffer.concat(chunks), state: got.state };
}

/** A source for a small object that is in memory. */
export function bytesSource(bytes: Uint8Array): {
  readonly sizeBytes: number;
  read(startByte: number, endByte: number): Promise<Uint8Array>;
} {
  return {
    sizeBytes: bytes.byteLength,
    read: async (startByte, endByte) => bytes.subarray(startByte, endByte),
  };
}
