import type { AnchorContext } from './anchor.ts';
import type { FsClock } from './fs-clock.ts';
import type { Trash } from './trash.ts';

/** What the calls that change the folder share. All of them are synchronous: look and act are one tick. */
export interface ChangeContext extends AnchorContext {
  readonly trash: Trash;
  readonly clock: FsClock;
  readonly foldsCase: boolean;
  /** Path of a temp file by its name. */
  readonly temp: (name: string) => string;
}
