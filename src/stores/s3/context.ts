import type { StoreCapabilities } from '../../engine/ports/store.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { EtagTrust } from './integrity.ts';
import type { KeySpace } from './keys.ts';
import type { Transport } from './transport.ts';

/** What the operations of one store share. */
export interface StoreContext {
  readonly transport: Transport;
  readonly keys: KeySpace;
  /** For the bodies of all puts together. */
  readonly budget: ByteBudget;
  readonly etags: EtagTrust;
  /** Storage class and encryption, for whatever creates an object. */
  readonly creationHeaders: Readonly<Record<string, string>>;
  /** What was proved of the service: when the target was added, or by this store's own probe. */
  capabilities(): StoreCapabilities;
}
