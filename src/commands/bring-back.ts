import type { TargetSettings } from '../config/schema.ts';
import type { SyncEvent } from '../engine/events.ts';
import { type Fulfilled, fulfil, wishPath } from '../engine/history/fulfil.ts';
import { withLockedBase } from '../engine/history/with-locked-base.ts';
import type { Wish } from '../engine/ports/history.ts';
import { parseConflictCopy } from '../sync/conflict-name.ts';
import type { RelPath } from '../sync/path.ts';
import type { Context } from './context.ts';
import { routeThroughDaemon } from './daemon/through-daemon.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { OpenTarget } from './open-target.ts';

export interface BroughtBack {
  readonly exit: ExitCode;
  /** A daemon did it, and has published it. */
  readonly published: boolean;
}

/** More paths than this are looked at by a whole look. */
const MAX_PATHS = 100;

/**
 * Does what is wanted of the past in a target's folder: here, or by the daemon that keeps it and holds its lock.
 *
 * @param options - `offline`: the store is not needed
 * @throws S4Error as `withLockedBase` and `DaemonRoute`
 */
export async function bringBack(
  context: Context,
  target: TargetSettings,
  { store, folder }: OpenTarget,
  wishes: readonly Wish[],
  onEnd: (fulfilled: Fulfilled) => void,
  options: { readonly offline?: true } = {},
): Promise<BroughtBack> {
  const { services, signal, out } = context;
  let failed = false;
  const tell = (fulfilled: Fulfilled): void => {
    if (fulfilled.kind === 'failed') failed = true;
    onEnd(fulfilled);
  };
  const daemon = await routeThroughDaemon(context);
  try {
    if (daemon?.statusOf(target) !== undefined) {
      const waiting = new Map(wishes.map((wish) => [wishPath(wish) as string, wish]));
      const paths = wishes.length > MAX_PATHS ? [] : wishes.flatMap(touchedPaths);
      const selection = { target, paths: [...new Set(paths)].sort() as readonly RelPath[] };
      const { exit, complete } = await daemon.sync(selection, { mode: 'sync', wishes }, (event) =>
        match(event, waiting, tell),
      );
      if (!complete) return { exit, published: false };
      // Nothing was said of what was as it should be.
      for (const wish of waiting.values()) tell({ kind: 'done', wish, action: 'same' });
      return { exit: failed ? EXIT.problems : exit, published: true };
    }
  } finally {
    daemon?.close();
  }
  const notice = (_: string, path: string, message: string): void => out.say(`Note: ${path}: ${message}`);
  const deps = { target, store, folder, runtime: services.runtime, notice, signal, ...options };
  await withLockedBase(deps, (locked) => fulfil(wishes, locked, tell));
  return { exit: failed ? EXIT.problems : EXIT.done, published: false };
}

function touchedPaths(wish: Wish): readonly RelPath[] {
  const copy = wish.kind === 'copy' || wish.kind === 'copy-text' ? parseConflictCopy(wish.path) : undefined;
  return copy === undefined ? [wishPath(wish)] : [wishPath(wish), copy.original, copy.settled];
}

/** The daemon's events, as what became of each wish. */
function match(event: SyncEvent, waiting: Map<string, Wish>, tell: (fulfilled: Fulfilled) => void): void {
  const path =
    event.kind === 'operation-finished' && event.operation.direction === 'down'
      ? event.operation.path
      : event.kind === 'problem'
        ? event.problem.path
        : undefined;
  const wish = path === undefined ? undefined : waiting.get(path);
  if (path === undefined || wish === undefined) return;
  waiting.delete(path);
  if (event.kind === 'problem') tell({ kind: 'failed', wish, problem: event.problem });
  else if (event.kind === 'operation-finished')
    tell({ kind: 'done', wish, action: event.operation.kind === 'create' ? 'create' : 'replace' });
}
