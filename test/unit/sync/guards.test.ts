import { describe, expect, it } from 'vitest';
import { type GuardInput, guardedLine, judgePlan } from '../../../src/sync/guards.ts';
import type { LocalFile, Operation, PlannedOperation } from '../../../src/sync/operations.ts';
import { baseRow, key, localRow, remoteRow } from './build.ts';

const local = (name: string, state = 0) => localRow(name, state) as LocalFile;
const deleteRemote = (name: string): Operation => ({
  kind: 'delete-remote',
  key: key(name),
  remote: remoteRow(name),
  base: baseRow(name),
});
const deleteLocal = (name: string): Operation => ({
  kind: 'delete-local',
  key: key(name),
  local: local(name),
  base: baseRow(name),
});
const upload = (name: string): Operation => ({
  kind: 'upload',
  key: key(name),
  local: local(name, 1),
  replaces: remoteRow(name),
});
const download = (name: string): Operation => ({
  kind: 'download',
  key: key(name),
  remote: remoteRow(name, 1),
  replaces: local(name),
});

const times = (count: number, make: (name: string) => Operation): PlannedOperation[] =>
  Array.from({ length: count }, (_, i) => ({ step: 'delete', operation: make(`f${i}`) }));

function codes(
  planned: readonly PlannedOperation[],
  counts: Partial<GuardInput['counts']>,
  recent: Partial<GuardInput['recentDeletions']> = {},
): string[] {
  const input = {
    planned,
    counts: { baseFiles: 100, localFiles: 100, remoteFiles: 100, ...counts },
    recentDeletions: { local: 0, remote: 0, ...recent },
  };
  return judgePlan(input).trips.map(({ code }) => code);
}

describe('guards', () => {
  it.each<[string, number, Partial<GuardInput['counts']>, string[]]>([
    ['half of the files', 5, { baseFiles: 10 }, []],
    ['more than half', 6, { baseFiles: 10 }, ['mass-delete-remote']],
    ['all but one of a handful', 8, { baseFiles: 9 }, []],
    ['the last file of one', 1, { baseFiles: 1, localFiles: 0 }, []],
    ['both files of two', 2, { baseFiles: 2, localFiles: 0 }, ['local-emptied']],
    ['everything of many, told as emptied only', 100, { localFiles: 0 }, ['local-emptied']],
    ['nothing, of an empty folder', 0, { localFiles: 0 }, []],
  ])('deleting %s in the store', (_, count, counts, expected) => {
    expect(codes(times(count, deleteRemote), counts)).toEqual(expected);
  });

  it.each<[string, number, Partial<GuardInput['counts']>, string[]]>([
    ['half of the files', 5, { baseFiles: 10 }, []],
    ['more than half', 6, { baseFiles: 10 }, ['mass-delete-local']],
    ['both files of two', 2, { baseFiles: 2, remoteFiles: 0 }, ['remote-emptied']],
  ])('deleting %s here', (_, count, counts, expected) => {
    expect(codes(times(count, deleteLocal), counts)).toEqual(expected);
  });

  it('add up bursts over a day, for each side on its own', () => {
    const four = times(4, deleteRemote);
    expect(codes(four, { baseFiles: 10 }, { remote: 0 })).toEqual([]);
    expect(codes(four, { baseFiles: 10 }, { remote: 2 })).toEqual([]);
    expect(codes(four, { baseFiles: 10 }, { remote: 3 })).toEqual(['mass-delete-remote']);
    expect(codes(four, { baseFiles: 10 }, { local: 90 })).toEqual([]);
    // A folder that shrank below ten is judged by what it held.
    expect(codes(times(3, deleteLocal), { baseFiles: 6 }, { local: 4 })).toEqual(['mass-delete-local']);
    // Long ago deleted, nothing to delete now.
    expect(codes([], { baseFiles: 1 }, { local: 99 })).toEqual([]);
  });

  it('stop a change of every file, in one direction', () => {
    expect(codes(times(10, upload), { baseFiles: 10 })).toEqual(['everything-changed']);
    expect(codes(times(10, download), { baseFiles: 10 })).toEqual(['everything-changed']);
    expect(codes(times(9, upload), { baseFiles: 10 })).toEqual([]);
    expect(codes(times(9, upload), { baseFiles: 9 })).toEqual([]);
    expect(codes([...times(5, upload), ...times(5, download)], { baseFiles: 10 })).toEqual([]);
  });

  it('take no new file for a change of an old one', () => {
    const fresh = (name: string): Operation => ({ kind: 'upload', key: key(name), local: local(name) });
    const arriving = (name: string): Operation => ({
      kind: 'download',
      key: key(name),
      remote: remoteRow(name),
    });
    expect(codes(times(10, fresh), { baseFiles: 10 })).toEqual([]);
    expect(codes(times(10, arriving), { baseFiles: 10 })).toEqual([]);
  });

  it.each<[string, PlannedOperation[], Partial<GuardInput['counts']>]>([
    [
      'the local folder is empty: 1 file would be deleted in the store',
      times(1, deleteRemote),
      { localFiles: 0 },
    ],
    [
      'the store is empty: 2 files would be deleted in the local folder',
      times(2, deleteLocal),
      { remoteFiles: 0 },
    ],
    ['6 of 10 files would be deleted in the folder', times(6, deleteLocal), {}],
    ['every file was changed: all 10 files would be replaced in the store', times(10, upload), {}],
    ['every file was changed: all 10 files would be replaced in the local folder', times(10, download), {}],
  ])('say what would happen: %s', (message, planned, counts) => {
    const { trips } = judgePlan({
      planned,
      counts: { baseFiles: 10, localFiles: 10, remoteFiles: 10, ...counts },
      recentDeletions: { local: 0, remote: 0 },
    });
    expect(trips.map((trip) => trip.message)).toEqual([message]);
  });

  it('tell what they are about, and only that', () => {
    const planned = [...times(6, deleteRemote), ...times(1, download)];
    const verdict = judgePlan({
      planned,
      counts: { baseFiles: 10, localFiles: 4, remoteFiles: 10 },
      recentDeletions: { local: 0, remote: 1 },
    });
    expect(verdict.guarded).toEqual(planned.slice(0, 6).map(({ operation }) => operation));
    expect(verdict.trips[0]?.message).toBe(
      '6 of 10 files would be deleted in the store, after 1 deleted there in the last 24 hours',
    );
  });

  it('bind an approval to the states that each operation expects', () => {
    const lines = [
      deleteRemote('f'),
      { ...deleteRemote('f'), remote: remoteRow('f', 1) } as Operation,
      deleteLocal('f'),
      { ...deleteLocal('f'), base: baseRow('f', 1) } as Operation,
      upload('f'),
      { ...upload('f'), local: local('f', 2) } as Operation,
      { ...upload('f'), replaces: remoteRow('f', 2) } as Operation,
      { kind: 'upload', key: key('f'), local: local('f') } satisfies Operation,
      download('f'),
      { ...download('f'), remote: remoteRow('f', 2) } as Operation,
      { kind: 'make-remote-folder', key: key('f/') } satisfies Operation,
      { kind: 'make-remote-folder', key: key('g/') } satisfies Operation,
    ].map(guardedLine);
    expect(new Set(lines).size).toBe(lines.length);
    expect(guardedLine(deleteLocal('f'))).toBe(guardedLine(deleteLocal('f')));
    const symlinkFolder = { ...deleteLocal('f'), base: baseRow('f/') } as Operation;
    expect(guardedLine(symlinkFolder)).toBe('delete-local folder f');
  });
});
