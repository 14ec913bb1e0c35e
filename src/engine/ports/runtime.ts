/** Time, chance and identity: the rest of what a simulation must own. */
export interface Runtime {
  /** Milliseconds since the epoch. Never used to order writes of different machines. */
  nowMs(): number;
  sleep(delayMs: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Random bytes as lower-case hex, two digits a byte. */
  randomHex(bytes: number): string;
  /** The name shown in conflict copies and logs. */
  readonly host: string;
}
