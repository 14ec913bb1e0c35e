import type { RunningWatch, WatchEvent, Watcher } from '../../src/engine/ports/watcher.ts';

/** What a watch told so far, and waiting for what it tells next. */
export interface Listening {
  readonly running: RunningWatch;
  readonly events: readonly WatchEvent[];
  /** Every path told so far. */
  readonly paths: readonly string[];
  /** Resolves when the path was told since, or one above it; a rescan tells every path. */
  hears(path: string): Promise<void>;
  /** Resolves with the first event of that kind since. */
  event<K extends WatchEvent['kind']>(kind: K): Promise<Extract<WatchEvent, { readonly kind: K }>>;
  /** What was told is old from here on: `hears` and `event` wait for news. */
  forget(): void;
  close(): Promise<void>;
}

const DEADLINE_MS = 15_000;

export async function listen(
  watcher: Watcher,
  timing: { readonly debounceMs?: number; readonly maxDelayMs?: number } = {},
): Promise<Listening> {
  const events: WatchEvent[] = [];
  const waiting = new Set<() => void>();
  let since = 0;
  const running = await watcher.watch({
    debounceMs: timing.debounceMs ?? 20,
    maxDelayMs: timing.maxDelayMs ?? 500,
    onEvent: (event) => {
      events.push(event);
      for (const look of [...waiting]) look();
    },
  });

  const until = <T>(what: string, find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(deadline);
        waiting.delete(look);
      };
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        done();
        resolve(found);
      };
      const deadline = setTimeout(() => {
        done();
        reject(new Error(`not told: ${what}; told: ${JSON.stringify(events.slice(since))}`));
      }, DEADLINE_MS);
      waiting.add(look);
      look();
    });

  return {
    running,
    events,
    get paths() {
      return events.flatMap((event) => (event.kind === 'touched' ? event.paths : []));
    },
    hears: (path) =>
      until(path, () => (events.slice(since).some((event) => tells(event, path)) ? true : undefined)).then(
        () => undefined,
      ),
    event: <K extends WatchEvent['kind']>(kind: K) =>
      until(kind, () =>
        events
          .slice(since)
          .find((event): event is Extract<WatchEvent, { readonly kind: K }> => event.kind === kind),
      ),
    forget: () => {
      since = events.length;
    },
    close: () => running.close(),
  };
}

function tells(event: WatchEvent, path: string): boolean {
  if (event.kind === 'rescan') return true;
  return event.kind === 'touched' && event.paths.some((told) => told === path || path.startsWith(`${told}/`));
}
