import type { TargetSettings } from '../config/schema.ts';
import type { CycleOptions, CycleResult } from '../engine/cycle.ts';
import type { OpenLiveTarget } from '../engine/live-target.ts';
import type { Folder } from '../engine/ports/folder.ts';
import type { Runtime } from '../engine/ports/runtime.ts';
import type { Store } from '../engine/ports/store.ts';
import type { Watcher } from '../engine/ports/watcher.ts';
import type { Ear } from './listen/ear.ts';
import type { Pauses } from './pauses.ts';
import type { Rhythm } from './rhythm.ts';

/** What the daemon needs from the rest of s4: built where everything is built, faked in tests. */
export interface DaemonDeps {
  readonly runtime: Runtime;
  readonly rhythm: Rhythm;
  readonly pid: number;
  readonly version: string;
  /** Targets that are synced at the same time. */
  readonly concurrency: number;
  readonly pauses: Pauses;
  /** The targets that this daemon keeps, by the config as it is now. @throws S4Error CONFIG_INVALID, TARGET_UNKNOWN */
  loadTargets(): readonly TargetSettings[];
  /** @throws S4Error FOLDER_MISSING */
  openFolder(target: TargetSettings): Promise<Folder>;
  openStore(target: TargetSettings): Promise<Store>;
  readonly openLive: OpenLiveTarget;
  /** Evidence for the first sync of a folder that Python S4 kept. */
  legacyIndex(
    target: TargetSettings,
    sides: { readonly folder: Folder; readonly store: Store },
  ): Promise<CycleOptions['legacyIndex']>;
  openWatcher(target: TargetSettings): Promise<Watcher>;
  /** @param clientId - our own, as it is by then: it changes where another machine uses it, too */
  openEar(target: TargetSettings, store: Store, clientId: () => string): Promise<Ear>;
  /** The config must remember it. */
  keepClientId(target: TargetSettings, clientId: string): Promise<void>;
  exitOfResult(result: CycleResult, mode: CycleOptions['mode']): number;
  exitOfError(error: unknown): number;
  readonly exitInterrupted: number;
}
