import { Box } from 'ink';
import type { ReactNode } from 'react';
import { Bar, Sparkline } from '../../src/ui/components/Bar.tsx';
import { DiffView } from '../../src/ui/components/DiffView.tsx';
import { HelpOverlay, KeyHints } from '../../src/ui/components/KeyHints.tsx';
import { SelectList } from '../../src/ui/components/SelectList.tsx';
import { Table } from '../../src/ui/components/Table.tsx';
import { TextField } from '../../src/ui/components/TextField.tsx';
import { Tone } from '../../src/ui/components/Tone.tsx';
import { useTerminal } from '../../src/ui/components/terminal-context.ts';
import type { KeyTable } from '../../src/ui/keys/key-table.ts';
import { diffRows } from '../../src/ui/text/diff-rows.ts';
import { SCROLL_KEYS } from '../../src/ui/text/scroll.ts';
import type { GalleryScreen } from './gallery-screen.ts';

const KEYS: KeyTable = [
  { keys: ['enter'], action: 'open', label: 'open' },
  { keys: ['/'], action: 'filter', label: 'filter as you type' },
  { keys: ['v'], action: 'versions', label: 'versions' },
  { keys: ['r'], action: 'restore', label: 'restore' },
  { keys: ['escape', 'q'], action: 'back', label: 'back' },
  { keys: ['?'], action: 'help', label: 'help', help: 'all keys' },
];

const TOKENS = [
  'plain',
  'strong',
  'dim',
  'accent',
  'good',
  'warn',
  'error',
  'create',
  'update',
  'delete',
] as const;

function Components(): ReactNode {
  const { columns } = useTerminal();
  return (
    <Box flexDirection="column">
      {TOKENS.map((token) => (
        <Tone key={token} token={token}>{`text by its meaning: ${token}`}</Tone>
      ))}
      <Bar fraction={0.42} width={Math.min(40, columns)} />
      <Sparkline values={[0, 1, 4, 9, 16, 25, 16, 9, 4, 1, 0, 3]} width={30} />
      <Table
        width={columns}
        selected="b"
        columns={[
          { header: 'PATH', cut: 'middle' },
          { header: 'SIZE', align: 'right' },
          { header: 'WRITTEN', optional: 2 },
          { header: 'BY', optional: 1 },
        ]}
        rows={[
          row('a', 'notes/todo.md', '812 B'),
          row('b', 'photos/2026/夏休み/とても長い名前のファイル.jpg', '3.1 MiB'),
          row('c', 'a/very/deep/folder/in/a/folder/in/a/folder/report-final-final-2.docx', '44.0 KiB'),
        ]}
      />
      <SelectList
        items={[
          { key: '1', label: 'Amazon S3', detail: 'aws' },
          { key: '2', label: 'Cloudflare R2', detail: 'no egress fees' },
          { key: '3', label: 'A folder or NAS' },
        ]}
        selected={1}
        onMove={() => {}}
        height={5}
        width={columns}
      />
      <TextField value="s3://my-bucket/notes" onChange={() => {}} width={columns} />
      <TextField value="secret" onChange={() => {}} width={columns} secret isActive={false} />
      <KeyHints table={KEYS} />
    </Box>
  );
}

function row(key: string, path: string, size: string) {
  return {
    key,
    cells: [{ text: path }, { text: size }, { text: '2026-11-26 03:00:00' }, { text: 'laptop' }],
  };
}

const BEFORE = 'Shopping\n\n- apples\n- bread\n- four pears\n\nCall the plumber.\n';
const AFTER = 'Shopping\n\n- apples\n- bread\n- six pears\n- coffee\n\nCall the plumber.\n';

export const COMPONENTS: readonly GalleryScreen[] = [
  {
    name: 'components',
    about: 'what screens are made of',
    element: () => <Components />,
    shows: 'help',
    rows: 40,
  },
  {
    name: 'components-diff',
    about: 'a difference with the words that changed',
    element: () => <DiffView rows={diffRows(BEFORE, AFTER)} height={20} />,
    shows: 'coffee',
  },
  {
    name: 'components-help',
    about: 'all keys of a screen',
    element: () => <HelpOverlay title="Keys" tables={[KEYS, SCROLL_KEYS]} onClose={() => {}} />,
    shows: 'Any key',
  },
];
