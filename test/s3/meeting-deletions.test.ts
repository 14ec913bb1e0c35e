import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteKnown } from '../../src/engine/operations/remove.ts';
import type { EntryKey, RelPath } from '../../src/sync/path.ts';
import { createRoom } from '../contract/room.ts';
import { operationRoom } from '../support/operation-room.ts';
import { type S3Server, startSeaweed } from '../support/servers.ts';
import { openPlace } from './s3-places.ts';

const MEETINGS = 120;

let server: S3Server;
beforeAll(async () => {
  server = await startSeaweed();
});
afterAll(() => server?.stop());

/**
 * Of a deletion and a write of one state, SeaweedFS with versions lets both through where they meet, about one time in
 * five; one in twenty, the deletion's marker is on top of the write. Without versions it lets one through.
 */
test.each([true, false])('no edit is gone that meets a deletion; versions: %s', async (versioned) => {
  const { store } = await openPlace(server, { versioned });
  const capabilities = await store.probe();
  const limits = { largeBytes: 0, pageKeys: 0, writers: 0 };
  const there = createRoom({ store, other: store, capabilities, id: 1 }, limits);
  const here = await operationRoom();
  const context = here.context({ store, capabilities });
  const lost: string[] = [];
  for (let round = 0; round < MEETINGS; round++) {
    const name = `f${round}`;
    const key = there.key(name) as string as EntryKey;
    const token = await there.store1(name, 'as it was');
    const edit = `edit ${round}`;
    const [written] = await Promise.all([
      there.put(name, edit, { condition: { kind: 'matches', etag: token.etag } }),
      deleteKnown({ key, token }, name as RelPath, context),
    ]);
    const isHere = Object.values(here.user.tree()).includes(edit);
    if (written.kind === 'stored' && !isHere && (await there.text(name)) !== edit) lost.push(name);
  }
  expect(lost).toEqual([]);
  await store.close();
});
