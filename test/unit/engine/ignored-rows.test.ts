import { describe, expect, it } from 'vitest';
import { changedRules, remoteRules } from '../../../src/engine/ignore-first.ts';
import { nowIgnoredOperations, settleIgnored } from '../../../src/engine/ignored.ts';
import type { Base, BaseChange } from '../../../src/engine/ports/base.ts';
import type { GetOutcome, Store } from '../../../src/engine/ports/store.ts';
import type { Scan } from '../../../src/engine/scan.ts';
import type { Session } from '../../../src/engine/session.ts';
import type { JoinedRow } from '../../../src/sync/join.ts';
import { baseRow, joined, remoteRow } from '../sync/build.ts';

/** Rows that are ignored from now on, and rule files that the other side changed. */

function session(deleteIgnored?: boolean) {
  const said: unknown[] = [];
  const recorded: BaseChange[] = [];
  const base: Pick<Base, 'record'> = {
    record: async ({ changes = [] }) => {
      said.push(`recorded ${changes.length}`);
      recorded.push(...changes);
    },
  };
  const emit = (event: { readonly kind: string }) => void said.push(event);
  const options = deleteIgnored === undefined ? {} : { deleteIgnored };
  const made = { base, options, deps: { target: { name: 't' }, emit } } as unknown as Session;
  return { made, said, recorded };
}

const told = (path: string) => ({
  kind: 'notice',
  target: 't',
  code: 'now-ignored',
  message: 'ignored from now on: kept on both sides, no longer synced',
  path,
});

describe('what is ignored from now on', () => {
  const known = joined('known', { base: 0, local: 0, remote: 0 });
  const rows = [
    known,
    joined('other', { base: 0, local: 0, remote: 1 }),
    joined('gone', { base: 0, local: 0 }),
    joined('d/', { base: 0, local: 0, remote: 0 }),
    joined('new', { local: 0, remote: 0 }),
  ];

  it('is forgotten by the base, and told, before anybody could take it for deleted', async () => {
    const { made, said, recorded } = session();
    await settleIgnored(rows, made);
    const names = ['known', 'other', 'gone', 'd/'];
    expect(recorded).toEqual(names.map((key) => ({ kind: 'drop', key })));
    expect(said).toEqual(['recorded 4', ...names.map(told)]);
    expect(nowIgnoredOperations(rows, made)).toEqual([]);
  });

  it('goes there where that is asked for, if it is what the base knows and no folder', async () => {
    const { made, recorded } = session(true);
    await settleIgnored(rows, made);
    expect(recorded.map((change) => change.kind === 'drop' && change.key)).toEqual(['other', 'gone', 'd/']);
    expect(nowIgnoredOperations(rows, made)).toEqual([
      {
        step: 'delete',
        operation: {
          kind: 'delete-remote',
          key: 'known',
          remote: remoteRow('known'),
          base: baseRow('known'),
          ignored: true,
        },
      },
    ]);
    const { made: not } = session(false);
    expect(nowIgnoredOperations(rows, not)).toEqual([]);
  });

  it('is nothing to write down where the base knows none of it', async () => {
    const { made, said } = session();
    await settleIgnored([joined('new', { local: 0, remote: 0 })], made);
    const { made: asked, said: saidThen } = session(true);
    await settleIgnored([known], asked);
    expect([said, saidThen]).toEqual([[], []]);
  });
});

describe('rule files of the other side', () => {
  const rules = (at: string, sides: Parameters<typeof joined>[1]) => joined(`${at}.syncignore`, sides);

  it('are those that it changed, and that can be read', () => {
    const changed = [rules('', { remote: 0 }), rules('d/', { base: 0, local: 0, remote: 1 })];
    const { remote } = rules('archived/', { remote: 1 });
    const archived: JoinedRow = {
      ...rules('archived/', {}),
      ...(remote && { remote: { ...remote, archived: true } }),
    };
    const rows = [
      ...changed,
      archived,
      rules('same/', { base: 0, local: 1, remote: 0 }),
      rules('gone/', { base: 0, local: 0 }),
      joined('other', { remote: 0 }),
      joined('x.syncignore', { remote: 0 }),
    ];
    expect(changedRules({ rows } as unknown as Scan)).toEqual(changed);
  });

  async function read(rows: readonly JoinedRow[], content: string | undefined, signal?: AbortSignal) {
    const asked: unknown[] = [];
    const store: Pick<Store, 'get'> = {
      get: async (key, options): Promise<GetOutcome> => {
        asked.push([key, options]);
        if (content === undefined) return { kind: 'absent' };
        async function* body() {
          yield Buffer.from(content ?? '');
        }
        return { kind: 'found', state: { token: remoteRow(key).token, metadata: {} }, body: body() };
      },
    };
    const made = { deps: { store }, options: { ...(signal && { signal }) } } as unknown as Session;
    return { texts: await remoteRules(rows, made), asked };
  }

  it('are read as text, by folder, with whether one is here too', async () => {
    const rows = [rules('', { local: 0, remote: 0 }), rules('d/e/', { remote: 0 }), rules('x/', { base: 0 })];
    const { signal } = new AbortController();
    const { texts, asked } = await read(rows, 'caf\u00e9', signal);
    expect(texts).toEqual(
      new Map([
        ['', { text: 'caf\u00e9', aloneThere: false }],
        ['d/e', { text: 'caf\u00e9', aloneThere: true }],
      ]),
    );
    expect(asked).toEqual([
      ['.syncignore', { signal }],
      ['d/e/.syncignore', { signal }],
    ]);
    expect((await read(rows, 'x')).asked).toEqual([
      ['.syncignore', {}],
      ['d/e/.syncignore', {}],
    ]);
  });

  it('are none where they are gone meanwhile, or larger than rules are', async () => {
    const MiB = 1024 * 1024;
    const sized = (sizeBytes: number): JoinedRow => {
      const row = rules('', { remote: 0 });
      const token = { ...remoteRow('x').token, sizeBytes };
      return { ...row, remote: { key: row.key, token } };
    };
    expect((await read([sized(10)], undefined)).texts.size).toBe(0);
    expect((await read([sized(MiB + 1)], 'x')).asked).toEqual([]);
    expect((await read([sized(MiB)], 'x'.repeat(MiB))).texts.size).toBe(1);
    expect((await read([sized(10)], 'x'.repeat(MiB + 1))).texts.size).toBe(0);
  });
});
