import type { Runtime } from '../engine/ports/runtime.ts';
import { count } from '../report/format.ts';
import type { DaemonControl, DaemonStatus } from './contract.ts';
import type { InstanceLock } from './instance-lock.ts';
import type { Notice } from './notices/decide.ts';
import { watchForNotices } from './notices/watch.ts';
import type { DaemonPlaces } from './places.ts';
import { connectServiceManager, type SendToSystemd } from './service/service-manager.ts';
import type { Hello } from './socket/codec.ts';
import { serveDaemon } from './socket/server.ts';

export interface PresenceOptions {
  readonly places: DaemonPlaces;
  readonly lock: InstanceLock;
  readonly control: DaemonControl;
  readonly hello: Hello;
  readonly runtime: Runtime;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Shows a notice on the desktop; undefined: nobody is to be interrupted. */
  readonly show: ((notice: Notice) => void) | undefined;
  /** What went wrong in telling others; the daemon itself goes on. */
  readonly onError: (error: unknown) => void;
  /** Takes secrets out of what is shown and sent. */
  readonly redact: (text: string) => string;
  readonly send?: SendToSystemd;
}

/** The daemon, as others see it. */
export interface Presence {
  /** To be called when the daemon begins to end: who waits for it may wait a little. */
  leaving(): void;
  /** Ends everything of it; the lock stays the caller's to release. */
  close(): Promise<void>;
}

/**
 * Makes a running daemon seen: by `s4` over the socket, by the service manager, by a person at the desktop.
 *
 * @throws S4Error as `serveDaemon`
 */
export async function presentDaemon(options: PresenceOptions): Promise<Presence> {
  const { control, runtime, show, onError, redact } = options;
  const server = await serveDaemon({ ...options, onBug: onError });
  const manager = connectServiceManager({
    ...options,
    pid: options.hello.pid,
    describe: async () => phasesText(await control.status()),
  });
  manager.ready();
  const ending = new AbortController();
  const noticing =
    show === undefined
      ? Promise.resolve()
      : watchForNotices(
          {
            control,
            runtime,
            show: (notice) => show({ ...notice, title: redact(notice.title), body: redact(notice.body) }),
          },
          ending.signal,
        ).catch(onError);
  return {
    leaving: manager.stopping,
    close: async () => {
      manager.close();
      ending.abort();
      await Promise.all([noticing, server.close()]);
    },
  };
}

/** `3 targets: 2 idle, 1 syncing`. */
function phasesText({ targets }: DaemonStatus): string {
  const phases = new Map<string, number>();
  for (const { phase } of targets) phases.set(phase, (phases.get(phase) ?? 0) + 1);
  const parts = [...phases].sort(([a], [b]) => (a < b ? -1 : 1)).map(([phase, n]) => `${n} ${phase}`);
  return parts.length === 0 ? 'no targets' : `${count(targets.length, 'target')}: ${parts.join(', ')}`;
}
