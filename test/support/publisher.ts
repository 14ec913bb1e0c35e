import type { LogCursor } from '../../src/engine/ports/base.ts';
import type { LogFact } from '../../src/formats/head-codec.ts';
import { publish } from '../../src/remote-log/writer.ts';
import type { MemoryServer } from '../../src/stores/memory/memory-server.ts';
import type { EntryKey } from '../../src/sync/path.ts';
import { createFakeRuntime } from './fake-runtime.ts';

/**
 * Another client's log: names paths, and rings.
 *
 * @param known - what it knows of its own head
 */
export function publisher(
  server: MemoryServer,
  clientId: string,
  known: LogCursor = { sequence: 0, unpublished: 0 },
): (...paths: readonly string[]) => Promise<void> {
  const runtime = createFakeRuntime({ seed: clientId.charCodeAt(0) });
  const store = server.connect(runtime);
  let cursor = known;
  return async (...paths) => {
    cursor = { ...cursor, unpublished: cursor.unpublished + paths.length };
    const facts = paths.map((path): LogFact => {
      const content = { etag: 'e', sizeBytes: 1, mtimeNs: 1n, mode: '0100644', atMs: 5 };
      return { path: path as EntryKey, op: 'put', ...content };
    });
    await publish(
      {
        store,
        runtime,
        capabilities: { putIfAbsent: true, putIfMatch: true },
        clientId,
        cursor: () => cursor,
        saveCursor: async (saved) => {
          cursor = saved;
        },
      },
      facts,
    );
  };
}
