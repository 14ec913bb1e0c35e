import { isS4Error } from '../lib/errors.ts';
import { readHeads } from '../remote-log/reader.ts';
import { publish } from '../remote-log/writer.ts';
import type { CycleDeps } from './cycle.ts';
import { renewClient } from './identity.ts';
import { notice, type Session } from './session.ts';
import { forgetWriting } from './unrecorded.ts';

/**
 * Tells the other clients what changed, in the remote log, and completes what an earlier run left undone. The log is
 * notice and history, never the authority: when it fails the sync has not failed, and the facts stay owed.
 */
export async function publishFacts(session: Session): Promise<void> {
  const { deps, base, clientId, facts, options } = session;
  const { store, runtime, target } = deps;
  const { cursor } = base;
  const owed = cursor.unpublished > 0 || cursor.headWrite !== undefined || cursor.bellPending === true;
  if (facts.length === 0 && !owed) return forgetWriting(base);
  await session.storeIsOurs();
  try {
    const outcome = await publish(
      {
        store,
        capabilities: target.capabilities,
        runtime,
        clientId,
        cursor: () => base.cursor,
        saveCursor: (cursor) => base.record({ cursor }),
        ...(options.signal && { signal: options.signal }),
      },
      facts,
    );
    if (outcome.kind === 'foreign-head') await leaveClient(session);
    await forgetWriting(base);
    await base.flush();
  } catch (error) {
    if (!isS4Error(error)) throw error;
    notice(session, 'log-unavailable', `the log of changes could not be written: ${error.message}`);
  }
}

/** Another machine writes under our id (a cloned disk): this one takes a new id, and trusts its base no longer (H3). */
async function leaveClient({ deps, ...session }: Session): Promise<void> {
  const clientId = await renewClient(deps);
  await deps.onNewClient?.(clientId);
  const message = 'another machine uses the same client id: this one took a new id';
  notice({ deps, ...session }, 'index-copied', message);
}

/** Host names are read from the log when somebody first asks; where it cannot be read they stay unknown. */
export function hostLookup(
  { store, runtime }: Pick<CycleDeps, 'store' | 'runtime'>,
  self: string,
  signal: AbortSignal | undefined,
): Session['hostOf'] {
  let hosts: Promise<ReadonlyMap<string, string>> | undefined;
  const read = async (): Promise<ReadonlyMap<string, string>> => {
    try {
      const { news } = await readHeads({ store, known: undefined, self, ...(signal && { signal }) });
      return new Map(news.map(({ client, host }) => [client, host]));
    } catch (error) {
      if (!isS4Error(error)) throw error;
      return new Map();
    }
  };
  return async (client) => {
    if (client === self) return runtime.host;
    hosts ??= read();
    return (await hosts).get(client);
  };
}
