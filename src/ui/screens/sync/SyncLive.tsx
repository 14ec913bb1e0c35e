import { Box } from 'ink';
import { type ReactNode, useRef } from 'react';
import { count, formatBytes, formatDuration } from '../../../report/format.ts';
import { operationTone } from '../../../report/wording.ts';
import { Bar, Sparkline } from '../../components/Bar.tsx';
import { Row, Tone } from '../../components/Tone.tsx';
import { useTerminal } from '../../components/terminal-context.ts';
import type { Glyphs } from '../../text/glyphs.ts';
import type { Token } from '../../text/theme.ts';
import { cellWidth, fitMiddle, padEnd, padStart } from '../../text/width.ts';
import { type InFlight, type SyncView, syncEtaMs, syncFraction, syncRate } from './sync-view.ts';

export interface SyncLiveProps {
  readonly view: SyncView;
  /** Made to the store so far. */
  readonly requests: number;
  /** Ctrl-C was pressed: what is under way is finished. */
  readonly isStopping: boolean;
  /** Counts frames, for the spinner. */
  readonly frame: number;
}

const FILES_SHOWN = 6;
/** Below this only the most important is said. */
const NARROW = 60;

/** The live region under the finished lines. It keeps its height while it works, so that nothing jumps. */
export function SyncLive({ view, requests, isStopping, frame }: SyncLiveProps): ReactNode {
  const { rows } = useTerminal();
  const most = useRef(0);
  const room = Math.max(0, Math.min(FILES_SHOWN, rows - 7));
  most.current = Math.min(room, Math.max(most.current, view.inFlight.length));
  if (view.phase === 'looking') return <Looking view={view} requests={requests} frame={frame} />;
  const shown = view.inFlight.slice(0, most.current);
  return (
    <Box flexDirection="column">
      <Overall view={view} />
      <Throughput view={view} requests={requests} />
      <Counters view={view} />
      {shown.map((each) => (
        <FileLine key={each.id} file={each} />
      ))}
      {Array.from({ length: most.current - shown.length }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: empty lines
        <Tone key={`empty${i}`}> </Tone>
      ))}
      <LastLine view={view} more={view.inFlight.length - shown.length} isStopping={isStopping} />
    </Box>
  );
}

function Looking({ view, requests, frame }: Omit<SyncLiveProps, 'isStopping'>): ReactNode {
  const { columns, glyphs } = useTerminal();
  const seen = [
    view.localEntries === undefined ? [] : [`local ${number(view.localEntries)}`],
    view.remoteEntries === undefined ? [] : [`remote ${number(view.remoteEntries)}`],
    requests === 0 ? [] : [count(requests, 'request')],
  ].flat();
  return (
    <Row>
      <Tone token="accent">{`${glyphs.spinner[frame % glyphs.spinner.length] ?? ''} `}</Tone>
      <Tone>
        {view.target === ''
          ? 'Starting'
          : `Looking at ${columns < NARROW ? '' : 'both sides of '}${view.target}`}
      </Tone>
      <Tone token="dim">{seen.length === 0 ? '' : `  ${seen.join(` ${glyphs.dot} `)}`}</Tone>
    </Row>
  );
}

function Overall({ view }: { readonly view: SyncView }): ReactNode {
  const { columns } = useTerminal();
  const fraction = syncFraction(view);
  const eta = syncEtaMs(view);
  const percent = padStart(`${Math.floor(fraction * 100)}%`, 4);
  const amount =
    view.totalBytes > 0
      ? `${formatBytes(Math.min(Math.max(0, view.doneBytes), view.totalBytes))} of ${formatBytes(view.totalBytes)}`
      : `${number(view.doneOperations)} of ${number(view.totalOperations)}`;
  const left = eta === undefined ? '' : `  ${about(eta)} left`;
  const narrow = columns < NARROW;
  const tail = `${percent}  ${narrow ? '' : amount}${narrow && left !== '' ? left.trimStart() : left}`;
  return (
    <Row>
      <Bar fraction={fraction} width={Math.max(6, Math.min(40, columns - cellWidth(tail) - 3))} />
      <Tone token="strong">{` ${percent}`}</Tone>
      <Tone>{tail.slice(percent.length)}</Tone>
    </Row>
  );
}

function Throughput({ view, requests }: { readonly view: SyncView; readonly requests: number }): ReactNode {
  const { columns, glyphs } = useTerminal();
  const rate = `${formatBytes(syncRate(view))}/s`;
  const done = `${number(view.doneOperations)} of ${number(view.totalOperations)} done`;
  const asked = `${number(requests)} ${requests === 1 ? 'request' : 'requests'}`;
  const text = (columns < NARROW ? [rate, done] : [rate, done, asked]).join(` ${glyphs.dot} `);
  const width = Math.max(0, Math.min(40, columns - cellWidth(text) - 3));
  return (
    <Row>
      <Sparkline values={filled(view.speed.bytes, width)} width={width} />
      <Tone>{` ${text}`}</Tone>
    </Row>
  );
}

/** As wide as the bar above from the first second on. */
function filled(values: readonly number[], width: number): readonly number[] {
  return values.length >= width ? values : [...Array<number>(width - values.length).fill(0), ...values];
}

function Counters({ view }: { readonly view: SyncView }): ReactNode {
  const { columns, glyphs } = useTerminal();
  const all: readonly (readonly [number, string, string, Token])[] = [
    [view.up, glyphs.up, 'up', 'create'],
    [view.down, glyphs.down, 'down', 'create'],
    [view.deleted, glyphs.deleted, 'deleted', 'delete'],
    [view.conflicts, glyphs.conflict, view.conflicts === 1 ? 'conflict' : 'conflicts', 'warn'],
    [view.problems, glyphs.warn, view.problems === 1 ? 'problem' : 'problems', 'error'],
  ];
  const counters = columns < NARROW ? all.filter(([n], i) => n > 0 || i === 0) : all;
  return (
    <Row>
      {counters.map(([n, sign, word, token], i) => (
        <Row key={word}>
          {i === 0 ? '' : '  '}
          <Tone token={n === 0 ? 'dim' : token}>{`${sign} ${number(n)} ${word}`}</Tone>
        </Row>
      ))}
    </Row>
  );
}

function FileLine({ file }: { readonly file: InFlight }): ReactNode {
  const { columns, glyphs } = useTerminal();
  const { operation, bytes } = file;
  const total = operation.sizeBytes ?? 0;
  const hasBar = total > 0 && columns >= NARROW;
  const size = padStart(total > 0 ? formatBytes(total) : '', 10);
  const width = Math.max(8, columns - 4 - 12 - (hasBar ? 17 : 0));
  return (
    <Row>
      <Tone token={operationTone(operation)}>{` ${signOf(file, glyphs)} `}</Tone>
      <Tone>{padEnd(fitMiddle(operation.path, width, glyphs.ellipsis), width)}</Tone>
      {hasBar ? (
        <Row>
          {' '}
          <Bar fraction={bytes / total} width={10} />
          <Tone>{padStart(`${Math.min(100, Math.floor((Math.max(0, bytes) / total) * 100))}%`, 5)}</Tone>
        </Row>
      ) : (
        ''
      )}
      <Tone token="dim">{` ${size}`}</Tone>
    </Row>
  );
}

function signOf({ operation }: InFlight, glyphs: Glyphs): string {
  if (operation.kind === 'delete' || operation.kind === 'delete-folder') return glyphs.deleted;
  return operation.direction === 'up' ? glyphs.up : glyphs.down;
}

const STOPPING = 'Stopping: what is under way is finished. Ctrl-C again stops at once.';
const STOPPING_SHORT = 'Stopping. Ctrl-C again: at once.';

function LastLine(props: {
  readonly view: SyncView;
  readonly more: number;
  readonly isStopping: boolean;
}): ReactNode {
  const { view, more, isStopping } = props;
  const { columns } = useTerminal();
  const rest = more > 0 ? `and ${count(more, 'more', 'more')} at once  ` : '';
  if (isStopping) return <Tone token="warn">{columns < NARROW ? STOPPING_SHORT : STOPPING}</Tone>;
  if (view.phase === 'finishing') return <Tone token="dim">Writing the index</Tone>;
  return <Tone token="dim">{`${rest}Ctrl-C stops at a safe place`}</Tone>;
}

/** `12,345` */
function number(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A time to go, without a precision that nobody has. */
function about(ms: number): string {
  return ms < 60_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : formatDuration(ms);
}
