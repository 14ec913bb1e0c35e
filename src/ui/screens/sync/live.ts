import { createElement } from 'react';
import { runScreen, type ScreenHandle } from '../../run-screen.ts';
import type { TerminalHost } from '../../terminal.ts';
import { SyncScreen } from './SyncScreen.tsx';
import type { SyncModel } from './sync-model.ts';

/** The live screen of a sync, while it is up. */
export interface LiveSync {
  /** Takes it away, its last frame too. Lines that wait are left to the caller. */
  end(): Promise<void>;
}

export function startLiveSync(host: TerminalHost, model: SyncModel): LiveSync {
  let handle: ScreenHandle<void> | undefined;
  const ended = runScreen<void>(
    host,
    (given) => {
      handle = given;
      return createElement(SyncScreen, { model });
    },
    // Ctrl-C does not end it: the engine does, at a safe place.
    { clear: true, onInterrupt: host.interrupt },
  );
  // Told by `end`; until then it is nobody's.
  ended.catch(() => undefined);
  return {
    end: async () => {
      handle?.done();
      await ended;
    },
  };
}
