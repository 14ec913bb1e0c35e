import type { StoreCapabilities } from './ports/store.ts';

/**
 * What may still be relied on. Conditions were proved in one versioning state of the bucket, and there are services that
 * honour them only in that (Ceph RGW ignores them once versions are kept). If versions are kept by now that were not
 * when the target was probed, no condition is believed, and what is overtaken is looked for in the versions (H8).
 *
 * @param versioned - the store's marker carries a version id
 */
export function trustedCapabilities(proved: StoreCapabilities, versioned: boolean): StoreCapabilities {
  if (!versioned || proved.versioning !== 'off') return proved;
  return {
    ...proved,
    putIfAbsent: false,
    putIfMatch: false,
    multipartIfAbsent: false,
    multipartIfMatch: false,
    copyIfAbsent: false,
    copyIfMatch: false,
    deleteIfMatch: false,
    versioning: 'enabled',
  };
}
