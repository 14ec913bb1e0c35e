import type { KeyTable } from '../keys/key-table.ts';
import type { Glyphs } from '../text/glyphs.ts';
import type { Mark } from './state.ts';
import { markWords } from './words.ts';

export type DashboardKey =
  | 'open'
  | 'back'
  | 'help'
  | 'sync'
  | 'refresh'
  | 'pause'
  | 'filter'
  | 'versions'
  | 'diff'
  | 'mark'
  | 'restore'
  | 'yes'
  | 'no';

export const TARGET_KEYS: KeyTable<DashboardKey> = [
  { keys: ['enter', 'right'], action: 'open', label: 'open', help: 'open: its files, their versions' },
  { keys: ['s'], action: 'sync', label: 'sync', help: 'sync the target now' },
  { keys: ['q', 'escape'], action: 'back', label: 'quit' },
  { keys: ['r'], action: 'refresh', label: 'look again', help: 'look again what a sync would do' },
  { keys: ['p'], action: 'pause', label: 'pause', help: 'pause or resume it in the daemon' },
  { keys: ['?'], action: 'help', label: 'help', help: 'all keys' },
];

export const FILE_KEYS: KeyTable<DashboardKey> = [
  {
    keys: ['enter', 'right'],
    action: 'open',
    label: 'open',
    help: 'open a folder, or the versions of a file',
  },
  { keys: ['/'], action: 'filter', label: 'filter', help: 'show only what has these words in its path' },
  { keys: ['escape', 'left', 'backspace', 'q'], action: 'back', label: 'back' },
  { keys: ['v'], action: 'versions', label: 'versions', help: 'the versions that the store keeps' },
  { keys: ['d'], action: 'diff', label: 'diff', help: "from the store's version to the file here" },
  { keys: ['s'], action: 'sync', label: 'sync', help: 'sync the target now' },
  { keys: ['r'], action: 'refresh', label: 'look again', help: 'look again at both sides' },
  { keys: ['?'], action: 'help', label: 'help', help: 'all keys' },
];

export const VERSION_KEYS: KeyTable<DashboardKey> = [
  {
    keys: ['enter', 'd'],
    action: 'diff',
    label: 'diff',
    help: 'from that version to the file here, or to the marked one',
  },
  { keys: ['escape', 'left', 'backspace', 'q'], action: 'back', label: 'back' },
  { keys: [' ', 'm'], action: 'mark', label: 'mark', help: 'mark it, to compare another one with it' },
  { keys: ['r'], action: 'restore', label: 'restore', help: 'put it into the folder; a sync publishes it' },
  { keys: ['?'], action: 'help', label: 'help', help: 'all keys' },
];

export const DIFF_KEYS: KeyTable<DashboardKey> = [
  { keys: ['escape', 'left', 'backspace', 'q'], action: 'back', label: 'back' },
  { keys: ['?'], action: 'help', label: 'help', help: 'all keys' },
];

export const CONFIRM_KEYS: KeyTable<DashboardKey> = [
  { keys: ['y', 'enter'], action: 'yes', label: 'restore' },
  { keys: ['n', 'escape', 'q'], action: 'no', label: 'leave it' },
];

/** What the signs before files say: for the overlay, where they stand as keys do. */
export function markLegend(glyphs: Glyphs): KeyTable {
  return MARKS.map((mark) => {
    const { sign, words } = markWords(mark, glyphs);
    return { keys: [sign], action: mark, label: words };
  });
}

const MARKS: readonly Mark[] = ['in-sync', 'here', 'there', 'deleted-here', 'conflict', 'problem', 'ignored'];
