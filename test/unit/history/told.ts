import type { LogCursor } from '../../../src/engine/ports/base.ts';
import type { LogFact } from '../../../src/formats/head-codec.ts';
import { publish } from '../../../src/remote-log/writer.ts';
import type { MemoryServer } from '../../../src/stores/memory/memory-server.ts';
import type { EntryKey } from '../../../src/sync/path.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';

/** What a client says in its log, of any time: nothing of it need be so. */
export async function tell(
  server: MemoryServer,
  clientId: string,
  facts: readonly ({ readonly path: string } & Partial<Omit<LogFact, 'path'>>)[],
): Promise<void> {
  const runtime = createFakeRuntime({ seed: clientId.charCodeAt(0), host: `host of ${clientId}` });
  let cursor: LogCursor = { sequence: 0, unpublished: facts.length };
  await publish(
    {
      ...{ store: server.connect(runtime), runtime, clientId },
      capabilities: { putIfAbsent: true, putIfMatch: true },
      cursor: () => cursor,
      saveCursor: async (saved) => {
        cursor = saved;
      },
    },
    facts.map(({ path, ...fact }) => ({
      ...{
        path: path as EntryKey,
        op: 'put',
        etag: 'e',
        sizeBytes: 1,
        mtimeNs: 1n,
        mode: '0100644',
        atMs: 5,
      },
      ...fact,
    })),
  );
}
