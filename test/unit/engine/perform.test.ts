import { expect, it } from 'vitest';
import { perform } from '../../../src/engine/operations/perform.ts';
import type { Operation } from '../../../src/sync/operations.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { baseRow, key, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** Each kind of operation is carried out as itself: what is here and there afterwards. */

const COPY = 'copy' as RelPath;

/** `f` here and there, and what a plan says of it. */
async function both(here: OperationRoom, { there = 'text', executable = false } = {}) {
  here.user.write('f', 'text', { executable });
  here.server.put('f', there, { mode: '0100644' });
  const local = await here.look('f');
  const remote = await here.remote('f');
  return { key: key('f'), local, remote, base: baseRow(local, 'text', remote) };
}

const newestMode = ({ server }: OperationRoom) => server.history('f').at(-1)?.content?.metadata['mode'];

type Case = readonly [
  Operation['kind'],
  (here: OperationRoom) => Promise<Operation>,
  { readonly local: Record<string, string>; readonly remote: readonly string[] },
];

const CASES: readonly Case[] = [
  [
    'upload',
    async (here) => {
      here.user.write('f', 'text');
      return { kind: 'upload', key: key('f'), local: await here.look('f') };
    },
    { local: { f: 'text' }, remote: ['f'] },
  ],
  [
    'download',
    async (here) => {
      here.server.put('f', 'text');
      return { kind: 'download', key: key('f'), remote: await here.remote('f') };
    },
    { local: { f: 'text' }, remote: ['f'] },
  ],
  [
    'delete-local',
    async (here) => {
      const row = await both(here);
      here.server.remove('f');
      return { kind: 'delete-local', ...row };
    },
    { local: {}, remote: [] },
  ],
  [
    'delete-remote',
    async (here) => {
      const row = await both(here);
      here.user.remove('f');
      return { kind: 'delete-remote', ...row };
    },
    { local: {}, remote: [] },
  ],
  [
    'rename-local',
    async (here) => {
      const { local, base } = await both(here);
      here.server.remove('f');
      here.server.put('g', 'text');
      return { kind: 'rename-local', key: key('g'), from: local, remote: await here.remote('g'), base };
    },
    { local: { g: 'text' }, remote: ['g'] },
  ],
  [
    'rename-remote',
    async (here) => {
      const { remote, base } = await both(here);
      here.user.rename('f', 'g');
      return { kind: 'rename-remote', key: key('g'), local: await here.look('g'), from: remote, base };
    },
    { local: { g: 'text' }, remote: ['g'] },
  ],
  [
    'keep-both',
    async (here) => ({ kind: 'keep-both', copy: COPY, ...(await both(here, { there: 'theirs' })) }),
    { local: { f: 'theirs', copy: 'text' }, remote: ['copy', 'f'] },
  ],
  [
    'merge',
    async (here) => ({
      ...{ kind: 'merge', merged: Buffer.from('merged') },
      ...(await both(here, { there: 'theirs' })),
    }),
    { local: { f: 'merged' }, remote: ['f'] },
  ],
  [
    'local-aside',
    async (here) => {
      here.user.write('f', 'text');
      return { kind: 'local-aside', key: key('f'), local: await here.look('f'), copy: COPY };
    },
    { local: { copy: 'text' }, remote: ['copy'] },
  ],
  [
    'remote-aside',
    async (here) => {
      here.server.put('f', 'text');
      here.user.write('f/child', 'child');
      return { kind: 'remote-aside', key: key('f'), remote: await here.remote('f'), copy: COPY };
    },
    { local: { copy: 'text', 'f/child': 'child' }, remote: ['copy'] },
  ],
  [
    'make-remote-folder',
    async (here) => {
      here.user.mkdir('d');
      return { kind: 'make-remote-folder', key: key('d/') };
    },
    { local: { 'd/': '' }, remote: ['d/'] },
  ],
  [
    'make-local-folder',
    async (here) => {
      here.server.put('d/', '');
      return { kind: 'make-local-folder', key: key('d/'), remote: await here.remote('d/') };
    },
    { local: { 'd/': '' }, remote: ['d/'] },
  ],
  [
    'remove-local-folder',
    async (here) => {
      here.user.mkdir('d');
      return { kind: 'remove-local-folder', key: key('d/') };
    },
    { local: {}, remote: [] },
  ],
  [
    'remove-remote-folder',
    async (here) => {
      here.server.put('d/', '');
      return { kind: 'remove-remote-folder', key: key('d/'), remote: await here.remote('d/') };
    },
    { local: {}, remote: [] },
  ],
];

it.each(CASES)('%s', async (_, plan, after) => {
  const here = await operationRoom();
  const operation = await plan(here);
  expect(await perform(operation, here.context())).toMatchObject({ kind: 'done' });
  expect(here.user.tree()).toEqual(after.local);
  expect(here.server.keys().filter((name) => !name.startsWith('.s4/'))).toEqual(after.remote);
});

it('mode-up', async () => {
  const here = await operationRoom();
  const row = await both(here, { executable: true });
  expect(await perform({ kind: 'mode-up', ...row }, here.context())).toMatchObject({ kind: 'done' });
  expect(newestMode(here)).toBe('0100755');
});

it('mode-down', async () => {
  const here = await operationRoom();
  const row = await both(here, { executable: true });
  expect(await perform({ kind: 'mode-down', ...row }, here.context())).toMatchObject({ kind: 'done' });
  expect(await here.local('f')).toMatchObject({ executable: false });
  expect(newestMode(here)).toBe('0100644');
});
