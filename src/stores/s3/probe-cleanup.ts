import type { ObjectKey } from '../../engine/ports/store.ts';
import type { StoreContext } from './context.ts';
import { parseListing } from './list-xml.ts';
import type { S3Request } from './transport.ts';

const PATIENCE_MS = 60_000;

/**
 * Removes what a probe wrote: with its versions where that is allowed, else the objects alone. Best effort, without
 * the caller's signal: what is left is small, and below a folder that s4 reserves.
 */
export async function cleanUp(context: StoreContext, folder: string): Promise<void> {
  const { transport, keys } = context;
  const prefix = keys.full(folder as ObjectKey);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const listed = async (request: S3Request): Promise<ReturnType<typeof parseListing>['items']> => {
    const reply = await transport.call(request, { signal });
    return reply.refusal === undefined ? parseListing(reply.body.toString('utf8')).items : [];
  };
  const remove = async (key: string, versionId?: string): Promise<void> => {
    const query = versionId === undefined ? {} : { versionId };
    await transport.call({ operation: 'DeleteObject', method: 'DELETE', key, query }, { signal });
  };
  try {
    const versions = await listed({
      operation: 'ListObjectVersions',
      method: 'GET',
      query: { versions: '', 'encoding-type': 'url', prefix },
    });
    for (const { key, versionId } of versions) if (versionId !== undefined) await remove(key, versionId);
    const objects = await listed({
      operation: 'ListObjectsV2',
      method: 'GET',
      query: { 'list-type': '2', 'encoding-type': 'url', prefix },
    });
    for (const { key } of objects) await remove(key);
  } catch {
    // The probe's own result, or its failure, is what the caller must hear.
  }
}
