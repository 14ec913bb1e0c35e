import { ConflictScreen } from '../../src/ui/screens/conflict/ConflictScreen.tsx';
import type { ConflictMaterial, ConflictQuestion } from '../../src/ui/screens/conflict/conflict-material.ts';
import { threeWayRows } from '../../src/ui/text/three-way.ts';
import type { GalleryScreen } from './gallery-screen.ts';

const BASE =
  'Shopping\n\n- apples\n- bread\n- four pears\n- milk\n\nCall the plumber.\nWater the plants.\nPay the rent.\n';
const LOCAL = BASE.replace('four pears', 'five pears').replace('rent.', 'rent by Monday.');
const REMOTE = BASE.replace('four pears', 'six ripe pears').replace('- milk\n', '- milk\n- coffee\n');

const QUESTION: ConflictQuestion = {
  conflict: {
    path: 'notes/日本/Was wir noch alles tun und kaufen müssen, bevor der Sommer kommt.md',
    local: { state: 'updated', sizeBytes: 108, modifiedMs: 1_795_000_000_000, host: 'laptop' },
    remote: { state: 'updated', sizeBytes: 131_072, modifiedMs: 1_794_999_000_000, host: 'desk' },
  },
  sides: { local: '/home/anna/notes/', remote: 's3://annas-bucket/notes/' },
  asked: 1,
  editor: 'vim',
};

const TEXTS: ConflictMaterial = { kind: 'texts', rows: threeWayRows(BASE, LOCAL, REMOTE), merge: 'touching' };
const BINARY: ConflictMaterial = {
  kind: 'binary',
  local: 'image/png, 3.1 MiB, sha256 9698bf800a4c02f7',
  remote: 'image/jpeg, 812.0 KiB, sha256 71fde3856a298a05',
};

const KEPT: ConflictQuestion = {
  conflict: {
    path: 'notes/Einkauf.md',
    local: { ...QUESTION.conflict.local, host: 'laptop' },
    remote: { state: 'updated', sizeBytes: 131_072, modifiedMs: 1_794_999_000_000 },
  },
  kept: { originalThere: true },
  sides: { local: 'Einkauf (conflict, laptop, 2026-11-21 03.12.07).md', remote: 'Einkauf.md' },
  asked: 0,
  editor: 'vim',
};
const KEPT_TEXTS: ConflictMaterial = {
  kind: 'texts',
  rows: threeWayRows(BASE, LOCAL, REMOTE, {
    local: 'copy',
    remote: 'original',
    onlyLocal: 'changed in the copy',
    onlyRemote: 'changed in the original',
  }),
  merge: 'clean',
};

const screen = (question: ConflictQuestion, material: ConflictMaterial) => () => (
  <ConflictScreen question={question} load={async () => material} onAnswer={() => {}} />
);

export const CONFLICT: readonly GalleryScreen[] = [
  {
    name: 'conflict',
    about: 'both sides changed a text',
    element: screen(QUESTION, TEXTS),
    shows: 'no: both',
  },
  {
    name: 'conflict-edited',
    about: 'after an editor made one of both',
    element: screen(
      { ...QUESTION, edited: { lines: 11, hasMarkers: false }, notice: 'The editor vim ended with 1.' },
      { ...TEXTS, merge: 'clean' },
    ),
    shows: 'both edits',
    steps: [{ press: ['a'], shows: 'ON' }],
  },
  {
    name: 'conflict-diff',
    about: 'what each side changed, against what it was',
    element: screen(QUESTION, TEXTS),
    shows: 'no: both',
    steps: [{ press: ['d'], shows: '@@' }],
  },
  {
    name: 'conflict-binary',
    about: 'what each side is, where it is no text',
    element: screen(QUESTION, BINARY),
    shows: 'not a text',
    steps: [{ press: ['d'], shows: 'image/png' }],
  },
  {
    name: 'conflict-kept',
    about: 'both versions were kept before',
    element: screen(KEPT, KEPT_TEXTS),
    shows: 'both edits',
    steps: [{ press: ['a'], shows: 'ON' }],
  },
  {
    name: 'conflict-kept-diff',
    about: 'what the copy and the original changed, against what they were',
    element: screen(KEPT, KEPT_TEXTS),
    shows: 'both edits',
    steps: [{ press: ['d'], shows: '@@' }],
  },
  {
    name: 'conflict-kept-gone',
    about: 'the copy is all that is left',
    element: screen(
      {
        ...KEPT,
        kept: { originalThere: false },
        conflict: { ...KEPT.conflict, remote: { state: 'deleted' } },
      },
      { kind: 'binary', local: 'text, 108 B, sha256 9698bf800a4c02f7', remote: 'not there' },
    ),
    shows: 'it is gone',
  },
  {
    name: 'conflict-help',
    about: 'the keys of the question',
    element: screen(QUESTION, TEXTS),
    shows: 'no: both',
    steps: [{ press: ['?'], shows: 'Any key' }],
  },
];
