import type { Runtime } from '../../engine/ports/runtime.ts';
import type { DaemonControl } from '../contract.ts';
import { NOTICES_START, type Notice, noticeStep } from './decide.ts';

export interface NoticesOptions {
  readonly control: Pick<DaemonControl, 'subscribe'>;
  readonly runtime: Runtime;
  readonly show: (notice: Notice) => void;
}

const LOOK_MS = 60_000;

/** Tells a person what the daemon meets, until the signal aborts. */
export async function watchForNotices(
  { control, runtime, show }: NoticesOptions,
  signal: AbortSignal,
): Promise<void> {
  let state = NOTICES_START;
  const take = (event?: Parameters<typeof noticeStep>[1]): void => {
    const step = noticeStep(state, event, runtime.nowMs());
    state = step.state;
    for (const notice of step.notices) show(notice);
  };
  const looking = async (): Promise<void> => {
    while (!signal.aborted) {
      await runtime.sleep(LOOK_MS, { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      take();
    }
  };
  await Promise.all([control.subscribe(take, signal), looking()]);
}
