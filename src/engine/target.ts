import type { ConflictChoice } from './events.ts';
import type { StoreCapabilities } from './ports/store.ts';

/** A folder and the place it is kept equal to, as registered by `s4 add`. */
export interface Target {
  /** Made once per remote prefix, held by `<prefix>/.s4/target.json`, the folder's marker and the config. */
  readonly id: string;
  readonly name: string;
  /** Absolute path of the folder. */
  readonly folder: string;
  /** `s3://bucket/prefix` or `file:///path`. */
  readonly url: string;
  /** This folder's writer identity: the same in the config and in the folder's marker. */
  readonly clientId: string;
  readonly conflicts?: ConflictChoice;
  readonly capabilities: StoreCapabilities;
}
