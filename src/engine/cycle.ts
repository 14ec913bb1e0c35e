import type { GuardTrip } from '../sync/guards.ts';
import type { RelPath } from '../sync/path.ts';
import type { ConflictChoice, ConflictView, CycleSummary, Direction, Emit } from './events.ts';
import type { Folder } from './ports/folder.ts';
import type { Wish } from './ports/history.ts';
import type { Runtime } from './ports/runtime.ts';
import type { Store } from './ports/store.ts';
import type { Target } from './target.ts';

/** Content behind the two sides of a conflict, fetched only when a person asks to see it. Undefined where absent. */
export interface ConflictContents {
  local(): Promise<Uint8Array | undefined>;
  remote(): Promise<Uint8Array | undefined>;
  /** The common ancestor, from the store's versions. */
  base(): Promise<Uint8Array | undefined>;
}

/** What a person decides: one of the choices, or the text that both sides shall have, made of both by hand. */
export type ConflictDecision = ConflictChoice | { readonly kind: 'merged'; readonly text: Uint8Array };

/** Asks a person. Rejecting (Ctrl-C) interrupts the cycle. */
export type DecideConflict = (
  conflict: ConflictView,
  contents: ConflictContents,
) => Promise<ConflictDecision>;

export interface CycleDeps {
  readonly target: Target;
  readonly store: Store;
  readonly folder: Folder;
  readonly runtime: Runtime;
  readonly emit: Emit;
  /** Without it, `conflicts` decides, else the target's policy, else `both`. */
  readonly decide?: DecideConflict;
  /** The folder took a new client id (its config or marker was copied): the config must remember it. */
  readonly onNewClient?: (clientId: string) => Promise<void>;
}

export interface CycleOptions {
  /** `preview` writes nothing anywhere and plans the same. */
  readonly mode: 'sync' | 'preview';
  /** Only these paths and what is below them; empty: everything. */
  readonly paths?: readonly RelPath[];
  /** Only the operations that go one way (`push`, `pull`). */
  readonly direction?: Direction;
  readonly conflicts?: ConflictChoice;
  /** The id of a halted plan. */
  readonly approve?: string;
  /** Hash every local file, whatever its stat says. */
  readonly checksum?: boolean;
  readonly deleteIgnored?: boolean;
  /** Done in the folder before anything is looked at, and then published as the user's edits: see `fulfil`. */
  readonly wishes?: readonly Wish[];
  /** Python S4's index of this folder: equality evidence for the first sync. */
  readonly legacyIndex?: ReadonlyMap<string, { readonly localS: number; readonly remoteS: number }>;
  readonly signal?: AbortSignal;
}

export type CycleResult =
  /** `summary.problems` and `summary.conflicts` say whether all is well. */
  | { readonly kind: 'synced'; readonly summary: CycleSummary }
  | { readonly kind: 'halted'; readonly planId: string; readonly guards: readonly GuardTrip[] }
  | { readonly kind: 'interrupted'; readonly summary: CycleSummary };

/**
 * One pass over a target, until a re-look finds nothing more to do. Implemented by `run-cycle.ts`:
 * `runCycle(deps, options): Promise<CycleResult>`.
 *
 * Throws S4Error for what concerns the whole target (STORE_*, MARKER_*, LOCKED, STATE_*); trouble with one path is a
 * `problem` event and the cycle goes on.
 */
export type RunCycle = (deps: CycleDeps, options: CycleOptions) => Promise<CycleResult>;
