import type { CallOptions } from './store.ts';

export interface QueueMessage {
  readonly body: string;
  /** By which it is removed; of this delivery only. */
  readonly receipt: string;
}

/**
 * A queue that a store's events go to. What was received stays hidden for some minutes and comes again unless it is
 * removed.
 */
export interface EventQueue {
  /** For people and logs. */
  readonly url: string;
  /**
   * Up to ten messages; waits for the first one, at most so long. `peek`: they are not hidden from whoever asks next.
   * @throws S4Error STORE_*, CONFIG_INVALID when there is no such queue
   */
  receive(
    options: CallOptions & { readonly waitSeconds: number; readonly peek?: true },
  ): Promise<readonly QueueMessage[]>;
  /** @throws S4Error STORE_*; what was not removed comes again */
  remove(messages: readonly QueueMessage[], options?: CallOptions): Promise<void>;
  close(): Promise<void>;
}
