import type { StoreCapabilities } from '../../engine/ports/store.ts';
import { isS4Error } from '../../lib/errors.ts';
import { sentence } from '../../report/format.ts';
import type { Examined } from '../../stores/examine.ts';
import type { CheckId, CheckView } from '../../ui/add/facts.ts';
import type { Context } from '../context.ts';
import { type Check, checkClock } from '../doctor-store.ts';
import type { StoreAccess } from '../services.ts';
import { troubleOf } from './trouble.ts';

export interface CheckWishes {
  readonly create: boolean;
  readonly enableVersioning: boolean;
}

type Tell = (check: CheckView) => void;

/**
 * Tries a store step by step: is it there, do the clocks agree, does it keep versions, what does it honour (a few small
 * objects below `.s4/probe` are written and removed). Ends with the first check that fails.
 *
 * @returns what was proved; undefined when a check failed
 */
export async function checkStore(
  context: Context,
  access: StoreAccess,
  wishes: CheckWishes,
  tell: Tell,
  signal: AbortSignal,
): Promise<StoreCapabilities | undefined> {
  const { services } = context;
  const attempt = async <T>(id: CheckId, message: string, work: () => Promise<T>): Promise<T | undefined> => {
    tell({ id, outcome: 'running', message });
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      tell(failedCheck(id, error));
      return undefined;
    }
  };
  const found = await attempt('reach', 'Reaching it', async () => {
    const { created } = await services.prepareStore(
      access,
      { create: wishes.create, enableVersioning: false },
      signal,
    );
    return { created, examined: await services.examineStore(access, signal) };
  });
  if (found === undefined) return undefined;
  const place = access.place.kind === 'file' ? 'The folder' : `The bucket ${access.place.bucket}`;
  tell({ id: 'reach', outcome: 'ok', message: `${place} ${found.created ? 'was created' : 'is there'}.` });
  if (found.examined !== undefined) tell(viewOf('clock', 'The clock', checkClock(found.examined)));
  const enabled = await attempt('versioning', 'Looking at versions', async () => {
    if (!wishes.enableVersioning) return false;
    return (await services.prepareStore(access, { create: false, enableVersioning: true }, signal))
      .versioningEnabled;
  });
  if (enabled === undefined) return undefined;
  tell(versioningView(enabled ? 'enabled' : (found.examined?.versioning ?? 'enabled')));
  return attempt('conditions', 'Trying out what it honours', async () => {
    const store = await services.openStore(access);
    try {
      const capabilities = await store.probe({ signal });
      tell(conditionsView(capabilities));
      return capabilities;
    } finally {
      await store.close();
    }
  });
}

/** A check that failed, with what its ways out need. */
export function failedCheck(id: CheckId, error: unknown): CheckView {
  const region = isS4Error(error) ? error.data['region'] : undefined;
  const code = id === 'versioning' ? 'VERSIONING' : isS4Error(error) ? error.code : undefined;
  return {
    id,
    outcome: 'failed',
    ...troubleOf(error),
    ...(code === undefined ? {} : { code }),
    ...(typeof region === 'string' ? { region } : {}),
  };
}

function viewOf(id: CheckId, subject: string, { outcome, message, hint }: Check): CheckView {
  return {
    id,
    outcome: outcome === 'fixed' ? 'ok' : outcome,
    message: sentence(`${subject} ${message}`),
    ...(hint === undefined ? {} : { hint }),
  };
}

function versioningView(versioning: Examined['versioning']): CheckView {
  const id = 'versioning';
  switch (versioning) {
    case 'enabled':
      return {
        id,
        outcome: 'ok',
        message: 'It keeps versions: what is replaced or deleted can be restored.',
      };
    case 'off':
    case 'suspended':
      return {
        id,
        outcome: 'warning',
        message: 'It keeps no versions: what is replaced or deleted is gone there.',
        code: 'off',
      };
    case 'unknown':
      return { id, outcome: 'warning', message: 'Whether it keeps versions cannot be seen with these keys.' };
  }
}

function conditionsView(capabilities: StoreCapabilities): CheckView {
  const id = 'conditions';
  if (capabilities.putIfAbsent && capabilities.putIfMatch)
    return {
      id,
      outcome: 'ok',
      message: 'It checks conditions: no machine overwrites what it has not seen.',
    };
  const isSafe = capabilities.versioning === 'enabled';
  return {
    id,
    outcome: 'warning',
    message: 'It does not check conditions on writes.',
    hint: isSafe
      ? 'When two machines change one file in the same moment, the overtaken version comes back from the versions.'
      : 'When two machines change one file in the same moment, one version can be lost; versions would keep it.',
  };
}
