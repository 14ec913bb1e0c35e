import { estimateCost, PRICES_AS_OF } from '../../config/prices.ts';
import { PROVIDERS } from '../../config/providers.ts';
import type { StoreCapabilities } from '../../engine/ports/store.ts';
import { emptyStatus, statusStep } from '../../report/status-view.ts';
import type { CostView, PreviewView } from '../../ui/add/facts.ts';
import type { Context } from '../context.ts';
import { legacyEvidence } from '../open-target.ts';
import { isLegacy, realFolder } from '../register.ts';
import type { StoreAccess } from '../services.ts';
import { pretendJoined } from './pretend-joined.ts';

export interface PreviewRequest {
  readonly access: StoreAccess;
  readonly folder: string;
  readonly name: string;
  readonly capabilities: StoreCapabilities;
  /** The service, for its prices. */
  readonly where: string;
  readonly localBytes: number;
}

/** What the first sync would do, before anything is registered. Writes nothing. @throws S4Error STORE_*, FOLDER_MISSING */
export async function previewBeforeAdd(
  context: Context,
  request: PreviewRequest,
  signal: AbortSignal,
): Promise<PreviewView> {
  const { services } = context;
  const root = realFolder(request.folder, false);
  const folder = await services.openFolder(root);
  try {
    const store = await services.openStore({ ...request.access, capabilities: request.capabilities });
    try {
      const legacy = await isLegacy(folder, store, signal);
      const joined = await pretendJoined(store, folder, services.runtime, signal);
      const target = {
        id: joined.targetId,
        clientId: joined.clientId,
        name: request.name,
        folder: root,
        url: request.access.place.url,
        capabilities: request.capabilities,
        ...(legacy ? ({ legacy: true } as const) : {}),
      };
      const legacyIndex = await legacyEvidence(context, target, joined);
      let view = emptyStatus(request.name);
      let remote = 0;
      let bytes = { up: 0, down: 0 };
      const options = {
        mode: 'preview',
        signal,
        ...(legacyIndex === undefined ? {} : { legacyIndex }),
      } as const;
      await services.runCycle(
        {
          target,
          store: joined.store,
          folder: joined.folder,
          runtime: services.runtime,
          emit: (event) => {
            view = statusStep(view, event);
            if (event.kind === 'scanned' && event.side === 'remote') remote = event.entries;
            if (event.kind === 'planned') bytes = { up: event.bytesUp, down: event.bytesDown };
          },
        },
        options,
      );
      signal.throwIfAborted();
      const after = { objects: remote + view.up, sizeBytes: request.localBytes + bytes.down };
      return {
        status: view,
        bytesUp: bytes.up,
        bytesDown: bytes.down,
        cost: costOf(request.where, after, view.up),
      };
    } finally {
      await store.close();
    }
  } finally {
    await folder.close();
  }
}

function costOf(
  where: string,
  after: Parameters<typeof estimateCost>[1],
  uploads: number,
): CostView | undefined {
  const provider = PROVIDERS.find(({ id }) => id === where);
  const cost = provider && estimateCost(provider.id, after, uploads);
  return cost === undefined ? undefined : { ...cost, asOf: PRICES_AS_OF };
}
