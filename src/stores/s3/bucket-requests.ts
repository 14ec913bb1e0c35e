import type { StoreCapabilities } from '../../engine/ports/store.ts';
import { isUnsupported } from './errors.ts';
import { type Transport, xmlReply } from './transport.ts';
import { childText } from './xml.ts';

/** The bucket's versioning state; `unknown` where the identity may not ask or the service has no such request. */
export async function readVersioning(
  transport: Transport,
  signal: AbortSignal | undefined,
): Promise<StoreCapabilities['versioning']> {
  const request = { operation: 'GetBucketVersioning', method: 'GET', query: { versioning: '' } } as const;
  return transport.retrying(request, signal, async () => {
    const reply = await transport.attempt(request, { signal });
    if (reply.refusal !== undefined) {
      const error = transport.refused(request, reply.refusal);
      if (error.code !== 'STORE_CLOCK_SKEW' && isUnsupported(reply.refusal)) return 'unknown';
      throw error;
    }
    switch (childText(xmlReply(reply), 'Status')) {
      case 'Enabled':
        return 'enabled';
      case 'Suspended':
        return 'suspended';
      default:
        return 'off';
    }
  });
}
