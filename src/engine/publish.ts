import { isS4Error } from '../lib/errors.ts';
import { readHeads } from '../remote-log/reader.ts';
import { publish } from '../remote-log/writer.ts';
import type { CycleDeps } from './cycle.ts';
import { renewClient } from './identity.ts';
import type { Base } from './ports/base.ts';
import { notice, type Session } from './session.ts';
import { openBase } from './state/open-base.ts';
import { forgetWriting } from './unrecorded.ts';

/**
 * Tells the other clients what changed, in the remote log, and completes what an earlier run left undone. The log is
 * notice and history, never the authority: when it fails the sync has not failed, and the facts stay owed.
 */
export async function publishFacts(session: Session): Promise<void> {
  const { base, clientId, facts } = session;
  const { cursor } = base;
  const owed = cursor.unpublished > 0 || cursor.headWrite !== undefined || cursor.bellPending === true;
  if (facts.length === 0 && !owed) return forgetWriting(base);
  await session.storeIsOurs();
  try {
    if (await tell(session, base, clientId)) return;
    const renewed = await leaveClient(session);
    // Nobody would hear of what was done under the id that is left.
    await renewed.base.record({ cursor: { ...renewed.base.cursor, unpublished: facts.length } });
    await tell(session, renewed.base, renewed.clientId);
  } catch (error) {
    if (!isS4Error(error)) throw error;
    notice(session, 'log-unavailable', `the log of changes could not be written: ${error.message}`);
  }
}

/** False: somebody else writes the head of this client. */
async function tell({ deps, facts, options }: Session, base: Base, clientId: string): Promise<boolean> {
  const { store, runtime, target } = deps;
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
  if (outcome.kind === 'foreign-head') return false;
  await forgetWriting(base);
  await base.flush();
  return true;
}

/**
 * Another machine writes under our id (a cloned disk): this one takes a new id, and trusts its base no longer (H3).
 *
 * @returns the base as the new client has it: the session's is not written to any more
 */
async function leaveClient(session: Session): Promise<{ readonly clientId: string; readonly base: Base }> {
  const { deps } = session;
  const clientId = await renewClient(deps);
  await deps.onNewClient?.(clientId);
  const message =
    'the log tells of this client id what is not known here (a cloned disk, or an index that was lost): this machine took a new id';
  notice(session, 'index-copied', message);
  const { state } = deps.folder;
  return { clientId, base: await openBase({ state, targetId: deps.target.id, clientId, mode: 'write' }) };
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
