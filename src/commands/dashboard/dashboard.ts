import { createElement } from 'react';
import type { DaemonClient } from '../../daemon/socket/client.ts';
import { Dashboard } from '../../ui/dashboard/Dashboard.tsx';
import { startDashboard } from '../../ui/dashboard/reduce.ts';
import { runScreen } from '../../ui/run-screen.ts';
import type { TerminalHost } from '../../ui/terminal.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadTargets } from '../select.ts';
import { createEffects } from './effects.ts';
import { connectDaemon, followDaemons } from './live.ts';
import { createModel } from './model.ts';

const TICK_MS = 1_000;

/**
 * `s4` alone in a terminal, and `s4 daemon attach`: the targets and what is in them. The first frame waits for nothing:
 * a daemon is asked, or every target looked at, after it is there. Leaving stops what was begun here at a safe place.
 */
export async function dashboard(
  context: Context,
  terminal: TerminalHost,
  attached?: DaemonClient,
): Promise<ExitCode> {
  const targets = loadTargets(context);
  const closing = new AbortController();
  const signal = AbortSignal.any([context.signal, closing.signal]);
  const inner: Context = { ...context, signal };
  let client: DaemonClient | undefined;
  let leave = (): void => {};
  const effects = createEffects({
    context: inner,
    targets,
    client: () => client,
    dispatch: (action) => model.dispatch(action),
    quit: () => leave(),
  });
  const model = createModel(startDashboard(targets), effects.run);
  const start = (): Promise<void> =>
    followDaemons(
      attached,
      {
        signal,
        nowMs: context.services.runtime.nowMs,
        isBusy: effects.isBusy,
        connect: () => connectDaemon(inner),
        onClient: (found) => {
          client = found;
        },
        onNobody: () => {
          model.dispatch({ kind: 'source', source: 'alone' });
          for (const { name } of targets) effects.run({ kind: 'look', targetId: name }, model.get());
        },
      },
      model.dispatch,
    );
  const ticking = setInterval(
    () => model.dispatch({ kind: 'tick', atMs: context.services.runtime.nowMs() }),
    TICK_MS,
  );
  let following: Promise<void> = Promise.resolve();
  try {
    await runScreen<void>(
      terminal,
      ({ done, fail }) => {
        leave = () => done(undefined);
        following = start().catch(fail);
        return createElement(Dashboard, { model });
      },
      { fullScreen: true },
    );
  } finally {
    clearInterval(ticking);
    model.close();
    closing.abort(new Error('the dashboard is closed'));
    await effects.settled();
    await following;
  }
  return EXIT.done;
}
