import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Decision,
  type Equality,
  type FolderFact,
  reconcile,
  reconcileFolder,
  type SideFact,
} from '../../../src/sync/reconcile.ts';

const EQUALITIES: readonly Equality[] = ['equal', 'bytes', 'different'];
const FACTS: readonly SideFact[] = ['absent', 'same', 'meta', 'changed'];

/** base, local, remote, equality (`-`: not asked), decision (`!`: an edit that outlives a deletion). */
type FileRow = readonly [
  base: string,
  local: SideFact,
  remote: SideFact,
  equality: Equality | '-',
  decision: string,
];

// biome-ignore format: a table
const FILES: readonly FileRow[] = [
  ['none', 'absent',  'absent',  '-',         'none'],
  ['none', 'absent',  'changed', '-',         'download'],
  ['none', 'changed', 'absent',  '-',         'upload'],
  ['none', 'changed', 'changed', 'equal',     'adopt'],
  ['none', 'changed', 'changed', 'bytes',     'mode-up'],
  ['none', 'changed', 'changed', 'different', 'conflict'],
  ['row',  'absent',  'absent',  '-',         'forget'],
  ['row',  'absent',  'same',    '-',         'delete-remote'],
  ['row',  'absent',  'meta',    '-',         'download!'],
  ['row',  'absent',  'changed', '-',         'download!'],
  ['row',  'same',    'absent',  '-',         'delete-local'],
  ['row',  'same',    'same',    '-',         'none'],
  ['row',  'same',    'meta',    '-',         'mode-down'],
  ['row',  'same',    'changed', '-',         'download'],
  ['row',  'meta',    'absent',  '-',         'upload!'],
  ['row',  'meta',    'same',    '-',         'mode-up'],
  ['row',  'meta',    'meta',    '-',         'adopt'],
  ['row',  'meta',    'changed', '-',         'download'],
  ['row',  'changed', 'absent',  '-',         'upload!'],
  ['row',  'changed', 'same',    '-',         'upload'],
  ['row',  'changed', 'meta',    '-',         'upload'],
  ['row',  'changed', 'changed', 'equal',     'adopt'],
  ['row',  'changed', 'changed', 'bytes',     'mode-up'],
  ['row',  'changed', 'changed', 'different', 'conflict'],
];

type FolderPlace = FolderFact | 'both';
type FolderRow = readonly [base: FolderFact, local: FolderFact, remote: FolderPlace, decision: string];

// biome-ignore format: a table
const FOLDERS: readonly FolderRow[] = [
  ['absent',  'absent',  'absent',  'none'],
  ['absent',  'absent',  'implied', 'none'],
  ['absent',  'absent',  'marker',  'make-local'],
  ['absent',  'absent',  'both',    'none'],
  ['absent',  'implied', 'absent',  'none'],
  ['absent',  'implied', 'implied', 'none'],
  ['absent',  'implied', 'marker',  'none'],
  ['absent',  'implied', 'both',    'none'],
  ['absent',  'marker',  'absent',  'make-remote'],
  ['absent',  'marker',  'implied', 'none'],
  ['absent',  'marker',  'marker',  'adopt'],
  ['absent',  'marker',  'both',    'adopt'],
  ['implied', 'absent',  'absent',  'none'],
  ['implied', 'absent',  'implied', 'none'],
  ['implied', 'absent',  'marker',  'remove-remote'],
  ['implied', 'absent',  'both',    'remove-remote'],
  ['implied', 'implied', 'absent',  'none'],
  ['implied', 'implied', 'implied', 'none'],
  ['implied', 'implied', 'marker',  'none'],
  ['implied', 'implied', 'both',    'none'],
  ['implied', 'marker',  'absent',  'remove-local'],
  ['implied', 'marker',  'implied', 'none'],
  ['implied', 'marker',  'marker',  'adopt'],
  ['implied', 'marker',  'both',    'adopt'],
  ['marker',  'absent',  'absent',  'forget'],
  ['marker',  'absent',  'implied', 'forget'],
  ['marker',  'absent',  'marker',  'remove-remote'],
  ['marker',  'absent',  'both',    'remove-remote'],
  ['marker',  'implied', 'absent',  'forget'],
  ['marker',  'implied', 'implied', 'forget'],
  ['marker',  'implied', 'marker',  'remove-remote'],
  ['marker',  'implied', 'both',    'remove-remote'],
  ['marker',  'marker',  'absent',  'remove-local'],
  ['marker',  'marker',  'implied', 'forget'],
  ['marker',  'marker',  'marker',  'adopt'],
  ['marker',  'marker',  'both',    'adopt'],
];

const named = (decision: Decision): string =>
  'editBeatsDelete' in decision && decision.editBeatsDelete ? `${decision.kind}!` : decision.kind;

function decideFile([base, local, remote, equality]: readonly string[]): string {
  const facts = { local: local as SideFact, remote: remote as SideFact };
  return named(
    reconcile({
      base: base === 'row',
      ...facts,
      equality: equality === '-' ? 'different' : (equality as Equality),
    }),
  );
}

function decideFolder([base, local, remote]: readonly string[]): string {
  return reconcileFolder({
    base: base as FolderFact,
    baseRow: base === 'marker',
    local: local as FolderFact,
    remote: remote === 'both' ? 'implied' : (remote as FolderFact),
    remoteMarker: remote === 'marker' || remote === 'both',
  }).kind;
}

/** The cells in code font of each row of the table that follows a marker in the document. */
function documented(marker: string): string[][] {
  const text = readFileSync(new URL('../../../docs/sync-rules.md', import.meta.url), 'utf8');
  const table = text.split(`<!-- table: ${marker} -->`)[1]?.split('\n\n')[1] ?? '';
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((line) => [...line.matchAll(/\| `([^`]+)`/g)].map((match) => match[1] ?? ''));
}

describe('the truth table of files', () => {
  it('holds every combination once', () => {
    const combinations = ['none', 'row'].flatMap((base) => {
      const facts = base === 'row' ? FACTS : (['absent', 'changed'] as const);
      return facts.flatMap((local) =>
        facts.flatMap((remote) => {
          const asked = local === 'changed' && remote === 'changed' ? EQUALITIES : ['-'];
          return asked.map((equality) => [base, local, remote, equality].join(' '));
        }),
      );
    });
    expect(FILES.map((row) => row.slice(0, 4).join(' ')).sort()).toEqual(combinations.sort());
  });

  it.each(FILES)('base %s, local %s, remote %s, contents %s: %s', (...row) => {
    expect(decideFile(row)).toBe(row[4]);
  });

  it('does not look at equality where it was not asked', () => {
    for (const [base, local, remote, equality, decision] of FILES) {
      if (equality !== '-') continue;
      for (const any of EQUALITIES) expect(decideFile([base, local, remote, any])).toBe(decision);
    }
  });

  it('is the same table seen from the other side, but for a mode that nobody knows the author of', () => {
    const mirror: Readonly<Record<string, string>> = {
      upload: 'download',
      download: 'upload',
      'upload!': 'download!',
      'download!': 'upload!',
      'delete-local': 'delete-remote',
      'delete-remote': 'delete-local',
      'mode-up': 'mode-down',
      'mode-down': 'mode-up',
    };
    for (const [base, local, remote, equality, decision] of FILES) {
      const swapped = decideFile([base, remote, local, equality]);
      if (equality === 'bytes') expect(swapped).toBe(decision);
      else expect(swapped).toBe(mirror[decision] ?? decision);
    }
  });

  it('never deletes what somebody changed', () => {
    for (const [, local, remote, , decision] of FILES) {
      if (decision === 'delete-local') expect([local, remote]).toEqual(['same', 'absent']);
      if (decision === 'delete-remote') expect([local, remote]).toEqual(['absent', 'same']);
    }
  });

  it('is the one in the document, row by row', () => {
    const rows = documented('files');
    expect(rows).toEqual(FILES.map((row) => [...row]));
    for (const row of rows) expect(decideFile(row)).toBe(row[4]);
  });
});

describe('the truth table of folders', () => {
  it('holds every combination once', () => {
    const facts = ['absent', 'implied', 'marker'];
    const combinations = facts.flatMap((base) =>
      facts.flatMap((local) => [...facts, 'both'].map((remote) => `${base} ${local} ${remote}`)),
    );
    expect(FOLDERS.map((row) => row.slice(0, 3).join(' ')).sort()).toEqual(combinations.sort());
  });

  it.each(FOLDERS)('base %s, local %s, remote %s: %s', (...row) => {
    expect(decideFolder(row)).toBe(row[3]);
  });

  it('is the one in the document, row by row', () => {
    const rows = documented('folders');
    expect(rows).toEqual(FOLDERS.map((row) => [...row]));
    for (const row of rows) expect(decideFolder(row)).toBe(row[3]);
  });
});
