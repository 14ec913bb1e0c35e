import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { openBase } from '../../src/engine/state/open-base.ts';
import { isFolderKey, keyPath } from '../../src/sync/path.ts';
import { objectKeys } from './crash.ts';
import type { Machine, World } from './machines.ts';

/**
 * What the base says after a sync is true: each file here and each object there has a row, and each row is what is here
 * and there; no intent is left open. So the next sync finds nothing to do, and nothing to adopt. The version of the object is
 * known but where only a listing told of it.
 */
export async function expectTrueBase(
  world: World,
  machine: Machine,
  { onlyListed = [] }: { readonly onlyListed?: readonly string[] } = {},
): Promise<void> {
  const folder = machine.disk.open();
  const { id: targetId, clientId } = machine.target;
  const base = await openBase({ state: folder.state, targetId, clientId, mode: 'read' });
  expect([base.trust, base.pending]).toEqual(['sound', []]);
  const said: unknown[] = [];
  const found: unknown[] = [];
  for await (const rows of base.rows()) {
    for (const { key, content, local, remote } of rows.filter((row) => !isFolderKey(row.key))) {
      said.push({ key, content, local, etag: remote.etag, versionId: remote.versionId });
      const now = await folder.stat(keyPath(key));
      const current = world.server.history(key).at(-1);
      const text = machine.user.read(key) ?? '';
      const digest = createHash('sha256').update(text).digest('hex');
      found.push({
        key,
        content:
          now?.kind === 'file'
            ? { kind: 'file', digest, sizeBytes: Buffer.byteLength(text), executable: now.executable }
            : content,
        local: now !== undefined && 'fingerprint' in now ? now.fingerprint : undefined,
        etag: current?.content?.etag,
        versionId: current?.versionId === 'null' || onlyListed.includes(key) ? undefined : current?.versionId,
      });
    }
  }
  await folder.close();
  expect(said).toEqual(found);
  expect(said.length).toBe(Object.keys(machine.user.tree()).length);
  expect(said.length).toBe(objectKeys(world.server).filter((key) => !key.endsWith('/')).length);
}
