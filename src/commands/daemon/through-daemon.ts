import type { TargetSettings } from '../../config/schema.ts';
import type { Selection } from '../../config/selection.ts';
import type { DaemonControl, TargetStatus } from '../../daemon/contract.ts';
import type { SyncRequestOptions } from '../../daemon/socket/codec.ts';
import type { Emit } from '../../engine/events.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { openDaemon } from './daemon-of.ts';

/** A running daemon, as the way to the targets that it keeps: it holds their locks. */
export interface DaemonRoute {
  /** Undefined for a target that it does not keep: that one is synced by this process. */
  statusOf(target: TargetSettings): TargetStatus | undefined;
  /** @throws S4Error DAEMON_GONE, DAEMON_PROTOCOL; the signal's reason */
  sync(
    selection: Selection,
    options: SyncRequestOptions,
    emit: Emit,
    /** Told now and then how many requests the daemon has made for this target since the call. */
    onRequests?: (count: number) => void,
  ): Promise<EndOfRequest>;
  close(): void;
}

export interface EndOfRequest {
  readonly exit: ExitCode;
  readonly complete: boolean;
}

/** Undefined when no daemon runs. @throws S4Error as `openDaemonClient` */
export async function routeThroughDaemon(context: Context): Promise<DaemonRoute | undefined> {
  const client = await openDaemon(context);
  if (client === undefined) return undefined;
  const { targets } = await client.status();
  const { out, signal } = context;
  return {
    // By folder too: an id is that of the place in the store.
    statusOf: ({ id, folder }) => targets.find((kept) => kept.id === id && kept.folder === folder),
    sync: async ({ target, paths }, options, emit, onRequests) => {
      sayLimits(context);
      const asked = { ...options, ...(paths.length === 0 ? {} : { paths }) };
      const stop = onRequests === undefined ? () => {} : await watchRequests(client, target.id, onRequests);
      const { exit, error } = await client.sync(target.id, asked, emit, signal).finally(stop);
      if (error !== undefined) out.error({ kind: 'error', target: target.name, ...error });
      return { exit: exitOf(exit), complete: error === undefined && exit !== EXIT.interrupted };
    },
    close: client.close,
  };
}

const ASK_EVERY_MS = 400;

/** The daemon counts for itself, over all cycles: what is told is the difference. @returns what ends the asking */
async function watchRequests(
  client: Pick<DaemonControl, 'status'>,
  id: string,
  onRequests: (count: number) => void,
): Promise<() => void> {
  const made = async (): Promise<number> => {
    const { targets } = await client.status();
    const kept = targets.find((each) => each.id === id);
    return Object.values(kept?.requests ?? {}).reduce((sum, count) => sum + count, 0);
  };
  const before = await made();
  const timer = setInterval(() => {
    // A daemon that is gone is told of by the sync itself.
    made().then(
      (now) => onRequests(now - before),
      () => undefined,
    );
  }, ASK_EVERY_MS);
  return () => clearInterval(timer);
}

function sayLimits({ flags, out }: Context): void {
  if (Object.keys(flags.limits).length === 0) return;
  out.say('The daemon does the transfers, with its own limits: --limit-up and --limit-down are not heeded.', {
    tone: 'warn',
    level: 'warning',
  });
}

/** Of another version, a daemon may end a sync as this one never does. */
function exitOf(exit: number): ExitCode {
  return Object.values(EXIT).find((known) => known === exit) ?? EXIT.bug;
}
