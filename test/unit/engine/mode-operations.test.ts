import { describe, expect, it } from 'vitest';
import { modeDown, modeUp } from '../../../src/engine/operations/mode.ts';
import { baseRow, digestOf, key, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** An executable bit that goes up, or comes down, by itself. */

const TEXT = '#!/bin/sh';
const UNGUARDED = { copyIfMatch: false };

/** `f` on both sides, executable as told here and not there; another tool keeps something of its own with the object. */
async function room({ executable = true, ...options }: { executable?: boolean; enforces?: object } = {}) {
  const here = await operationRoom(options);
  here.user.write('f', TEXT, { executable });
  here.server.put('f', TEXT, {
    mode: executable ? '0100644' : '0100755',
    mtime: '12.500000000',
    other: 'kept',
  });
  here.runtime.advance(600_000);
  const remote = await here.remote('f');
  const local = await here.look('f');
  return { here, up: { kind: 'mode-up', key: key('f'), local, remote } as const };
}

const newest = ({ server }: OperationRoom) => server.history('f').at(-1);

describe('a bit that goes up', () => {
  it.each([true, false])(
    'replaces the mode of the object alone, and is recorded (set: %s)',
    async (executable) => {
      const { here, up } = await room({ executable });
      const before = up.remote.token;
      const result = await modeUp(up, here.context());
      const { metadata } = newest(here)?.content ?? {};
      const mode = executable ? '0100755' : '0100644';
      expect(metadata).toEqual({
        mode,
        mtime: '12.500000000',
        other: 'kept',
        's4-write': expect.stringMatching(/^me\.[0-9a-f]{16}$/),
        's4-parent': before.versionId,
      });
      const { token } = await here.remote('f');
      const row = {
        key: 'f',
        content: { kind: 'file', digest: digestOf(TEXT), sizeBytes: TEXT.length, executable },
        mtimeNs: 12_500_000_000n,
        local: up.local.fingerprint,
        remote: expect.objectContaining({ etag: token.etag, versionId: token.versionId }),
      };
      const fact = { path: 'f', op: 'mode', mode, write: metadata?.['s4-write'], replaced: before.versionId };
      expect(result).toEqual({
        kind: 'done',
        changes: [{ kind: 'set', row }],
        finished: [],
        facts: [expect.objectContaining(fact)],
      });
    },
  );

  it('takes the time of the file where the object tells none, and says so where it may still be written to', async () => {
    const { here, up } = await room();
    here.server.put('f', TEXT);
    await here.look('f', true);
    const result = await modeUp({ ...up, remote: await here.remote('f') }, here.context());
    const { mtimeNs } = up.local.fingerprint;
    expect(result).toMatchObject({ kind: 'done', changes: [{ row: { mtimeNs, racy: true } }] });
    const seconds = String(mtimeNs / 1_000_000_000n);
    expect(newest(here)?.content?.metadata['mtime']).toBe(`${seconds}.000000000`);
  });

  it('names the object that it replaces by its ETag where no versions are kept', async () => {
    const here = await operationRoom({ versioning: 'off' });
    here.user.write('f', TEXT, { executable: true });
    here.server.put('f', TEXT);
    const local = await here.look('f');
    const remote = await here.remote('f');
    await modeUp({ kind: 'mode-up', key: key('f'), local, remote }, here.context());
    expect(newest(here)?.content?.metadata['s4-parent']).toBe(remote.token.etag);
  });

  it('changes nothing where the object is another, or gone, or where the file was not looked at', async () => {
    const { here, up } = await room();
    const unseen = here.context({ evidence: new Map() });
    expect(await modeUp(up, unseen)).toEqual({ kind: 'stale' });
    const link = { content: { kind: 'symlink', digest: digestOf(TEXT), sizeBytes: 9 } as const, racy: false };
    const evidence = new Map([[key('f'), { local: link }]]);
    expect(await modeUp(up, here.context({ evidence }))).toEqual({ kind: 'stale' });
    const { fingerprint } = up.local;
    const asLink = { kind: 'symlink', key: key('f'), fingerprint } as const;
    expect(await modeUp({ ...up, local: asLink }, here.context())).toEqual({ kind: 'stale' });
    here.server.put('f', 'another');
    expect(await modeUp(up, here.context())).toEqual({ kind: 'stale' });
    here.server.remove('f');
    expect(await modeUp(up, here.context())).toEqual({ kind: 'stale' });
    expect(here.server.history('f')).toHaveLength(3);
  });

  it.each([true, false])(
    'replaces nothing that came in the last moment, or brings it back (guarded: %s)',
    async (guarded) => {
      const { here, up } = await room(guarded ? {} : { enforces: UNGUARDED });
      here.gate(async (at, request) => {
        if (at === 'request' && request === 'COPY') here.server.put('f', 'in the last moment');
      });
      const result = await modeUp(up, here.context());
      const current = Buffer.from(here.server.bytes('f') ?? []).toString();
      if (guarded) expect([result, current]).toEqual([{ kind: 'stale', finished: [] }, 'in the last moment']);
      else expect(Object.values(here.user.tree()).concat(current)).toContain('in the last moment');
      expect(here.base.pending).toHaveLength(guarded ? 0 : 1);
    },
  );

  it('is journaled where the store does not guard it', async () => {
    const { here, up } = await room({ enforces: UNGUARDED });
    const pending: unknown[] = [];
    here.gate(async (at, request) => {
      if (at === 'request' && request === 'COPY') pending.push(...here.base.pending);
    });
    const result = await modeUp(up, here.context());
    const write = newest(here)?.content?.metadata['s4-write'];
    const intent = { kind: 'unguarded-put', key: 'f', write, parent: up.remote.token.versionId };
    expect(pending).toEqual([{ id: 1, intent }]);
    expect(result).toMatchObject({ kind: 'done', finished: [1] });
    expect(result).not.toHaveProperty('lookAgain');
  });

  it('looks again where it hid a write of the same bytes', async () => {
    const { here, up } = await room({ enforces: UNGUARDED });
    here.gate(async (at, request) => {
      if (at === 'request' && request === 'COPY')
        here.server.put('f', TEXT, { mode: '0100644', 's4-write': 'desk.1', 's4-parent': 'unknown' });
    });
    expect(await modeUp(up, here.context())).toMatchObject({ kind: 'done', lookAgain: true });
  });
});

describe('a bit that comes down', () => {
  async function down(executable: boolean) {
    const { here, up } = await room({ executable });
    const base = { ...baseRow(up.local, TEXT, up.remote), mtimeNs: 77n };
    return { here, operation: { ...up, kind: 'mode-down', base } as const };
  }

  it.each([true, false])(
    'is the other than that of the base, and is recorded (was set: %s)',
    async (executable) => {
      const { here, operation } = await down(executable);
      const result = await modeDown(operation, here.context());
      const now = await here.local('f');
      expect(now).toMatchObject({ executable: !executable });
      const { content, ...base } = operation.base;
      const row = { ...base, content: { ...content, executable: !executable }, local: now.fingerprint };
      expect(result).toEqual({ kind: 'done', changes: [{ kind: 'set', row }] });
      expect(here.user.read('f')).toBe(TEXT);
    },
  );

  it('says so where the file may still be written to', async () => {
    const { here, operation } = await down(true);
    await here.look('f', true);
    expect(await modeDown(operation, here.context())).toMatchObject({ changes: [{ row: { racy: true } }] });
    const { here: other, operation: same } = await down(true);
    const folder = {
      ...other.folder,
      setExecutable: async (...args: Parameters<typeof other.folder.setExecutable>) => ({
        ...(await other.folder.setExecutable(...args)),
        racy: true,
      }),
    };
    expect(await modeDown(same, other.context({ folder }))).toMatchObject({
      changes: [{ row: { racy: true } }],
    });
  });

  it('changes nothing where the file was edited, or is none, or was none', async () => {
    const { here, operation } = await down(true);
    const { fingerprint } = operation.local;
    const link = { kind: 'symlink', digest: digestOf(TEXT), sizeBytes: 9 } as const;
    const asLink = { kind: 'symlink', key: key('f'), fingerprint } as const;
    expect(await modeDown({ ...operation, local: asLink }, here.context())).toEqual({ kind: 'stale' });
    const wasLink = { ...operation, base: { ...operation.base, content: link } };
    expect(await modeDown(wasLink, here.context())).toEqual({ kind: 'stale' });
    expect(await here.local('f')).toMatchObject({ executable: true, fingerprint });
    const stopped = here.context({ signal: AbortSignal.abort(new Error('stopped')) });
    await expect(modeDown(operation, stopped)).rejects.toThrow('stopped');
    here.user.write('f', 'edited');
    expect(await modeDown(operation, here.context())).toEqual({ kind: 'stale' });
    expect(await here.local('f')).toMatchObject({ executable: true });
  });
});
