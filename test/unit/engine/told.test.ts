import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/engine/session.ts';
import { tellUnportable } from '../../../src/engine/tell-unportable.ts';
import { conflictView, operationView } from '../../../src/engine/views.ts';
import type { LocalFile, Operation, PlannedOperation } from '../../../src/sync/operations.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { baseRow, entry, fingerprint, key, localRow, remoteRow, type Sides } from '../sync/build.ts';

/** What people and scripts are told of operations, conflicts and names. */

const file = (name: string): LocalFile => ({
  kind: 'file',
  key: key(name),
  fingerprint: { ...fingerprint(), sizeBytes: 7 },
  executable: false,
});
const local = file('f');
const remote = remoteRow('f');
const base = baseRow('old');
const copy = 'copy' as RelPath;
const f = { key: key('f') } as const;
const d = { key: key('d/') } as const;

describe('an operation is told', () => {
  it.each<[Operation, ReturnType<typeof operationView>]>([
    [
      { kind: 'upload', ...f, local },
      { kind: 'create', direction: 'up', path: 'f', sizeBytes: 7 },
    ],
    [
      { kind: 'upload', ...f, local, replaces: remote },
      { kind: 'update', direction: 'up', path: 'f', sizeBytes: 7 },
    ],
    [
      { kind: 'download', ...f, remote },
      { kind: 'create', direction: 'down', path: 'f', sizeBytes: 10 },
    ],
    [
      { kind: 'download', ...f, remote, replaces: local },
      { kind: 'update', direction: 'down', path: 'f', sizeBytes: 10 },
    ],
    [
      { kind: 'delete-remote', ...f, remote, base },
      { kind: 'delete', direction: 'up', path: 'f' },
    ],
    [
      { kind: 'delete-local', ...f, local, base },
      { kind: 'delete', direction: 'down', path: 'f' },
    ],
    [
      { kind: 'rename-remote', ...f, local, from: remote, base },
      { kind: 'rename', direction: 'up', path: 'f', other: 'old' },
    ],
    [
      { kind: 'rename-local', ...f, from: local, remote, base },
      { kind: 'rename', direction: 'down', path: 'f', other: 'old' },
    ],
  ])('%o', (operation, view) => {
    expect(operationView(operation)).toEqual(view);
  });

  // What such an operation carries beside its kind is not told.
  it.each<[Operation['kind'], object, ReturnType<typeof operationView>]>([
    ['mode-up', f, { kind: 'mode', direction: 'up', path: 'f' }],
    ['mode-down', f, { kind: 'mode', direction: 'down', path: 'f' }],
    [
      'merge',
      { ...f, merged: new Uint8Array(3) },
      { kind: 'merge', direction: 'up', path: 'f', sizeBytes: 3 },
    ],
    ['keep-both', { ...f, copy }, { kind: 'keep-both', direction: 'down', path: 'f', other: 'copy' }],
    ['local-aside', { ...f, copy }, { kind: 'keep-both', direction: 'down', path: 'f', other: 'copy' }],
    ['remote-aside', { ...f, copy }, { kind: 'keep-both', direction: 'up', path: 'f', other: 'copy' }],
    ['make-local-folder', d, { kind: 'create-folder', direction: 'down', path: 'd/' }],
    ['make-remote-folder', d, { kind: 'create-folder', direction: 'up', path: 'd/' }],
    ['remove-local-folder', d, { kind: 'delete-folder', direction: 'down', path: 'd/' }],
    ['remove-local-folder', { ...d, implicit: true }, undefined],
    ['remove-remote-folder', d, { kind: 'delete-folder', direction: 'up', path: 'd/' }],
  ])('%s', (kind, more, view) => {
    expect(operationView({ kind, ...more } as unknown as Operation)).toEqual(view);
  });
});

describe('a conflict is told', () => {
  const view = (sides: Sides, host?: string) =>
    conflictView(entry('f', sides, { kind: 'download', editBeatsDelete: false }), host, 'laptop');

  it('with what each side has, since when, and from whom', () => {
    const here = { sizeBytes: 10, modifiedMs: 0, host: 'laptop' };
    const there = { sizeBytes: 10, modifiedMs: 2000 };
    expect(view({ local: 1, remote: 2 })).toStrictEqual({
      path: 'f',
      local: { state: 'created', ...here },
      remote: { state: 'created', ...there },
    });
    expect(view({ base: 0, local: 1, remote: 2 }, 'desk')).toEqual({
      path: 'f',
      local: { state: 'updated', ...here },
      remote: { state: 'updated', ...there, host: 'desk' },
    });
    const edited = entry('f', { local: 1, remote: 2 }, { kind: 'download', editBeatsDelete: false });
    const mtimeNs = 5_999_999n;
    const row = { ...edited.row, local: { ...local, fingerprint: { ...fingerprint(), mtimeNs } } };
    expect(conflictView({ ...edited, row }, undefined, 'laptop').local).toEqual({
      ...here,
      modifiedMs: 5,
      state: 'created',
    });
  });

  it('with a side that has none', () => {
    expect(view({ base: 0, remote: 2 }, 'desk').local).toEqual({ state: 'deleted' });
    expect(view({ base: 0, local: 2 }, 'desk').remote).toEqual({ state: 'deleted' });
    const { row, ...rest } = entry('f', { base: 0, remote: 2 }, { kind: 'download', editBeatsDelete: false });
    const folder = { ...rest, row: { ...row, local: localRow('f/') } };
    expect(conflictView(folder, 'desk', 'laptop').local).toEqual({ state: 'deleted' });
  });
});

describe('names that Windows cannot hold', () => {
  function tell(planned: readonly PlannedOperation[]) {
    const told: string[] = [];
    const emit = (event: { readonly code: string; readonly path?: string; readonly message: string }) =>
      void told.push([event.code, event.path, event.message].filter((part) => part !== undefined).join(': '));
    tellUnportable(planned, { deps: { target: { name: 't' }, emit } } as unknown as Session);
    return told;
  }
  const up = (name: string, replaces?: typeof remote): PlannedOperation => ({
    step: 'transfer',
    operation: { kind: 'upload', key: key(name), local: file(name), ...(replaces && { replaces }) },
  });

  it('are told once each, when they first go up', () => {
    const planned: readonly PlannedOperation[] = [
      up('aux/con'),
      up('fine'),
      up('nul', remote),
      {
        step: 'transfer',
        operation: { kind: 'rename-remote', key: key('d/prn'), local: file('d/prn'), from: remote, base },
      },
      { step: 'transfer', operation: { kind: 'download', key: key('com1'), remote: remoteRow('com1') } },
      { step: 'transfer', operation: { kind: 'rename-local', key: key('lpt1'), from: local, remote, base } },
    ];
    const message = 'Windows reserves this name for a device';
    expect(tell(planned)).toEqual([`portability: aux/con: ${message}`, `portability: d/prn: ${message}`]);
  });

  it('are counted from the eleventh on', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => up(`a:${i}`));
    expect(tell(many(10))).toHaveLength(10);
    const told = tell(many(12));
    expect(told).toHaveLength(11);
    expect(told.at(-1)).toBe('portability: 2 more such names: Windows cannot hold them');
  });
});
