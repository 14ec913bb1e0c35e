import { describe, expect, it } from 'vitest';
import { placeMerged } from '../../../src/engine/operations/merge.ts';
import { baseRow, digestOf, key, operationRoom } from '../../support/operation-room.ts';

/** A merged text that goes to both sides, by itself. */

const OURS = 'ours\n';
const THEIRS = 'theirs\n';
const MERGED = 'ours\ntheirs\n';

interface Modes {
  readonly base?: boolean;
  readonly here?: boolean;
  /** Undefined: the object tells none. */
  readonly there?: boolean | undefined;
}

async function room(
  { base = false, here: executable = false, ...modes }: Modes = {},
  options?: Parameters<typeof operationRoom>[0],
) {
  const here = await operationRoom(options);
  here.user.write('f', OURS, { executable });
  const there = 'there' in modes ? modes.there : base;
  here.server.put('f', THEIRS, there === undefined ? {} : { mode: there ? '0100755' : '0100644' });
  here.runtime.advance(5000);
  const local = await here.local('f');
  const remote = await here.remote('f');
  const row = baseRow(local, 'before', remote);
  await here.base.record({
    changes: [
      { kind: 'set', row: { ...row, content: { ...row.content, executable: base } as typeof row.content } },
    ],
  });
  const head = await here.store.head('f' as never);
  if (head.kind === 'found') here.evidence.set(key('f'), { remote: head.state });
  const merged = Buffer.from(MERGED);
  return { here, operation: { kind: 'merge', key: key('f'), local, remote, merged } as const };
}

const sent = ({ server }: Awaited<ReturnType<typeof room>>['here']) => ({
  text: Buffer.from(server.bytes('f') ?? []).toString(),
  metadata: server.history('f').at(-1)?.content?.metadata,
});

describe('a merged text', () => {
  it('is placed here over the one version and sent over the other; both are kept', async () => {
    const { here, operation } = await room();
    const result = await placeMerged(operation, here.context());
    const now = await here.local('f');
    expect(here.user.tree()).toEqual({ f: MERGED });
    expect(Object.values(here.user.tree('.s4/trash'))).toEqual([OURS]);
    expect(sent(here)).toMatchObject({
      text: MERGED,
      metadata: { 's4-parent': operation.remote.token.versionId },
    });
    expect(result).toMatchObject({
      kind: 'done',
      changes: [
        {
          kind: 'set',
          row: {
            key: 'f',
            content: { kind: 'file', digest: digestOf(MERGED), sizeBytes: MERGED.length },
            mtimeNs: BigInt(here.runtime.nowMs()) * 1_000_000n,
            local: now.fingerprint,
          },
        },
      ],
      finished: [1],
      facts: [{ path: 'f', op: 'put' }],
    });
    expect(here.user.tree('.s4/tmp')).toEqual({});
  });

  it.each<[Modes, boolean]>([
    [{}, false],
    [{ base: true, here: true }, true],
    [{ here: true }, true],
    [{ there: true }, true],
    [{ base: true, here: false }, false],
    [{ base: true, here: true, there: false }, false],
    [{ here: true, there: true }, true],
    [{ base: true, here: true, there: undefined }, true],
  ])('has the executable bit of whoever changed it: %j', async (modes, executable) => {
    const { here, operation } = await room(modes);
    await placeMerged(operation, here.context());
    expect(await here.local('f')).toMatchObject({ executable });
    expect(sent(here).metadata?.['mode']).toBe(executable ? '0100755' : '0100644');
  });

  it('has the bit that it has here where nothing is known of the other side, or of both before', async () => {
    const { here, operation } = await room({ there: true });
    await placeMerged(operation, here.context({ evidence: new Map() }));
    expect(await here.local('f')).toMatchObject({ executable: false });
    const { here: other, operation: same } = await room({ there: true });
    await other.base.record({ changes: [{ kind: 'drop', key: key('f') }] });
    await placeMerged(same, other.context());
    expect(await other.local('f')).toMatchObject({ executable: false });
  });

  it('has two intents where the store does not guard it, and both are done with', async () => {
    const { here, operation } = await room({}, { enforces: { putIfMatch: false } });
    const result = await placeMerged(operation, here.context());
    expect(result).toMatchObject({ kind: 'done', finished: here.base.pending.map(({ id }) => id) });
    expect(here.base.pending).toHaveLength(2);
  });

  it('replaces no edit here, and is not sent then', async () => {
    const { here, operation } = await room();
    here.user.write('f', 'edited');
    const result = await placeMerged(operation, here.context());
    expect(result).toMatchObject({ kind: 'stale', finished: [1] });
    expect([here.user.tree(), sent(here).text]).toEqual([{ f: 'edited' }, THEIRS]);
    expect(here.user.tree('.s4/tmp')).toEqual({});
  });

  it('replaces no edit there: it stays here, to be merged anew', async () => {
    const { here, operation } = await room();
    here.server.put('f', 'edited there');
    const result = await placeMerged(operation, here.context());
    expect(result).toEqual({ kind: 'stale', finished: [1] });
    expect([here.user.tree(), sent(here).text]).toEqual([{ f: MERGED }, 'edited there']);
  });

  it('leaves no temp file where it cannot be written', async () => {
    const { here, operation } = await room();
    here.disk.setFreeBytes(3);
    await expect(placeMerged(operation, here.context())).rejects.toMatchObject({ code: 'LOCAL_DISK_FULL' });
    expect([here.user.tree(), here.user.tree('.s4/tmp')]).toEqual([{ f: OURS }, {}]);
  });
});
