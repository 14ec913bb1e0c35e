import { Box } from 'ink';
import { type ReactNode, useRef } from 'react';
import { count, formatBytes, formatTime } from '../../report/format.ts';
import { TextField } from '../components/TextField.tsx';
import { Row, Tone } from '../components/Tone.tsx';
import { useTerminal } from '../components/terminal-context.ts';
import { topFor } from '../text/scroll.ts';
import { fitMiddle, padEnd, padStart } from '../text/width.ts';
import type { BrowserRow, BrowserState, TargetView } from './state.ts';
import { markWords } from './words.ts';

export interface BrowserViewProps {
  readonly browser: BrowserState;
  readonly target: TargetView | undefined;
  readonly height: number;
  readonly onFilter: (text: string) => void;
  readonly onFilterDone: () => void;
}

/** The files of a target. Of however many, only those in sight are drawn. */
export function BrowserView(props: BrowserViewProps): ReactNode {
  const { browser, target, height } = props;
  const { columns, glyphs } = useTerminal();
  const top = useRef(0);
  const { rows, cursor } = browser;
  const inSight = Math.max(1, height - 2);
  top.current = topFor(cursor, top.current, inSight, rows.length);
  return (
    <Box flexDirection="column" height={height}>
      <FilterLine {...props} />
      {browser.tracked === undefined ? (
        <Tone token="dim">{`reading the index${glyphs.ellipsis}`}</Tone>
      ) : null}
      {browser.tracked !== undefined && rows.length === 0 ? (
        <Tone token="dim">{emptyWords(browser, target)}</Tone>
      ) : null}
      {rows.slice(top.current, top.current + inSight).map((row, i) => (
        <BrowserLine
          key={row.kind === 'folder' ? row.path : row.file.path}
          row={row}
          isHere={top.current + i === cursor}
          width={columns}
        />
      ))}
      <Box flexGrow={1} />
      <Tone token="dim">{placeWords(browser)}</Tone>
    </Box>
  );
}

function emptyWords({ filter, files }: BrowserState, target: TargetView | undefined): string {
  if (filter !== '') return 'Nothing has these words in its path. Esc shows all.';
  if (files.length > 0) return 'An empty folder.';
  return target?.activity === 'looking'
    ? 'Nothing was synced yet.'
    : 'No files yet. Put some into the folder, and press s.';
}

function FilterLine({ browser, onFilter, onFilterDone }: BrowserViewProps): ReactNode {
  const { columns } = useTerminal();
  if (!browser.typing && browser.filter === '') return <Tone token="dim">{`/${browser.folder}`}</Tone>;
  return (
    <Box>
      <Tone token="accent">{'filter: '}</Tone>
      <TextField
        value={browser.filter}
        onChange={onFilter}
        onSubmit={onFilterDone}
        isActive={browser.typing}
        width={Math.max(8, columns - 9)}
      />
    </Box>
  );
}

/** `7 of 1234`: where the cursor is. */
function placeWords({ rows, cursor, filter, files }: BrowserState): string {
  if (rows.length === 0) return '';
  const of = filter === '' ? '' : ` (${count(files.length, 'file')} in all)`;
  return `${cursor + 1} of ${rows.length}${of}`;
}

const SIZE_WIDTH = 10;
const TIME_WIDTH = 16;
const WORDS_WIDTH = 13;
const WIDE = 76;
const MIDDLE = 56;

function BrowserLine({
  row,
  isHere,
  width,
}: {
  readonly row: BrowserRow;
  readonly isHere: boolean;
  readonly width: number;
}): ReactNode {
  const { glyphs } = useTerminal();
  const mark = row.kind === 'folder' ? row.mark : row.file.mark;
  const { sign, words, token } = markWords(mark, glyphs);
  const wide = width >= WIDE;
  const taken = 4 + 1 + SIZE_WIDTH + (width >= MIDDLE ? WORDS_WIDTH + 2 : 0) + (wide ? TIME_WIDTH + 2 : 0);
  const nameWidth = Math.max(8, width - taken);
  const name = padEnd(fitMiddle(row.name, nameWidth, glyphs.ellipsis), nameWidth);
  const calm = isHere ? 'strong' : row.kind === 'folder' ? 'accent' : 'plain';
  const nameToken = mark === 'ignored' && !isHere ? 'dim' : calm;
  return (
    <Row>
      <Tone token="accent">{isHere ? `${glyphs.cursor} ` : '  '}</Tone>
      <Tone token={token}>{`${sign} `}</Tone>
      <Tone token={nameToken}>{name}</Tone>
      <Tone token="dim">{` ${padStart(sizeWords(row), SIZE_WIDTH)}`}</Tone>
      {wide ? <Tone token="dim">{`  ${padEnd(timeWords(row), TIME_WIDTH)}`}</Tone> : ''}
      {width >= MIDDLE ? <Tone token={token}>{`  ${words}`}</Tone> : ''}
    </Row>
  );
}

function sizeWords(row: BrowserRow): string {
  if (row.kind === 'folder') return formatBytes(row.sizeBytes);
  return row.file.sizeBytes === undefined ? '' : formatBytes(row.file.sizeBytes);
}

function timeWords(row: BrowserRow): string {
  if (row.kind === 'folder') return count(row.files, 'file');
  return row.file.modifiedMs === undefined ? '' : formatTime(row.file.modifiedMs).slice(0, TIME_WIDTH);
}
