import { isS4Error } from '../../src/lib/errors.ts';
import type { MemoryServer } from '../../src/stores/memory/memory-server.ts';
import type { Client } from './client.ts';
import type { Config } from './configs.ts';
import type { FaultBox } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { Scheduler } from './scheduler.ts';
import type { Weakening } from './weakened.ts';

export type Random = (bound: number) => number;

/** What all parts of one run share. */
export interface World {
  readonly config: Config;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly faults: FaultBox;
  readonly ledger: Ledger;
  readonly server: MemoryServer;
  readonly clients: Client[];
  /** Every key that the store ever held. */
  readonly keys: Set<string>;
  /** Listings as they were, for those that lag. */
  readonly listings: Map<string, (readonly unknown[])[]>;
  /** What must never happen, as it happens. */
  readonly violations: string[];
  /** Temp files that could not be removed: they stay until somebody tidies. */
  readonly stuckTemps: Set<string>;
  /** Contents that only the store's versions keep. */
  readonly hidden: Set<string>;
  readonly weakening: Weakening;
  /** A person with hands on a client's disk does something. */
  readonly editor: (client: Client) => void;
}

export function pickOf<T>(items: readonly T[], random: Random): T {
  const item = items[random(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** No error of s4: the process ends here. */
export class Death extends Error {
  override readonly name = 'Death';
}

/** s4's own objects. */
export function isOwn(key: string): boolean {
  return key.startsWith('.s4/');
}

/** Trouble of the whole target is an error with a code; anything else that is thrown is a bug. */
export function isExpected(error: unknown): boolean {
  return isS4Error(error);
}
