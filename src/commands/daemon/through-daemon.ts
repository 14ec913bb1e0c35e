import type { TargetSettings } from '../../config/schema.ts';
import type { Selection } from '../../config/selection.ts';
import type { TargetStatus } from '../../daemon/contract.ts';
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
  sync(selection: Selection, options: SyncRequestOptions, emit: Emit): Promise<EndOfRequest>;
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
    sync: async ({ target, paths }, options, emit) => {
      sayLimits(context);
      const asked = { ...options, ...(paths.length === 0 ? {} : { paths }) };
      const { exit, error } = await client.sync(target.id, asked, emit, signal);
      if (error !== undefined) out.error({ kind: 'error', target: target.name, ...error });
      return { exit: exitOf(exit), complete: error === undefined && exit !== EXIT.interrupted };
    },
    close: client.close,
  };
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
