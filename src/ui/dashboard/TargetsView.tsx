import { Box } from 'ink';
import { type ReactNode, useRef } from 'react';
import { sentence } from '../../report/format.ts';
import { statusWords } from '../../report/status-view.ts';
import { Table } from '../components/Table.tsx';
import { Tone } from '../components/Tone.tsx';
import { useTerminal } from '../components/terminal-context.ts';
import { sparklineText } from '../text/bar.ts';
import { topFor } from '../text/scroll.ts';
import type { Column } from '../text/table-layout.ts';
import type { Token } from '../text/theme.ts';
import { fitMiddle, wrapWords } from '../text/width.ts';
import type { DashboardState, TargetView } from './state.ts';
import { agoWords, conflictsOf, problemsOf, targetWords } from './words.ts';

/** One that has nothing to say for any target is left out. */
const COLUMNS: readonly (Column & { readonly unlessEmpty?: true })[] = [
  { header: 'TARGET', cut: 'end' },
  { header: 'STATE', cut: 'end' },
  { header: 'CONFLICTS', align: 'right', optional: 2 },
  { header: 'PROBLEMS', align: 'right', optional: 2 },
  { header: 'LAST SYNC', optional: 1, unlessEmpty: true },
  { header: 'LAST MINUTE', optional: 3, unlessEmpty: true },
];
const SPARK_WIDTH = 15;
/** Lines below the table. */
const DETAIL_LINES = 7;

/** The targets, and what there is to say about the one under the cursor. */
export function TargetsView({
  state,
  height,
}: {
  readonly state: DashboardState;
  readonly height: number;
}): ReactNode {
  const terminal = useTerminal();
  const { columns, glyphs } = terminal;
  const top = useRef(0);
  const inSight = Math.max(1, height - DETAIL_LINES - 2);
  top.current = topFor(state.cursor, top.current, inSight, state.targets.length);
  const shown = state.targets.slice(top.current, top.current + inSight);
  const here = state.targets[state.cursor];
  const all = shown.map((target) => {
    const words = targetWords(target, glyphs);
    const spark = target.throughput.every((bytes) => bytes === 0)
      ? ''
      : sparklineText(quarters(target.throughput), SPARK_WIDTH, glyphs);
    return {
      key: target.id,
      cells: [
        { text: target.name },
        words,
        numberCell(conflictsOf(target), 'warn'),
        numberCell(problemsOf(target), 'error'),
        { text: agoWords(target.lastSyncMs, terminal.nowMs()), token: 'dim' as const },
        { text: spark, token: 'accent' as const },
      ],
    };
  });
  const kept = COLUMNS.flatMap((column, i) =>
    column.unlessEmpty === true && all.every(({ cells }) => cells[i]?.text === '') ? [] : [i],
  );
  const rows = all.map(({ key, cells }) => ({ key, cells: kept.flatMap((i) => cells[i] ?? []) }));
  return (
    <Box flexDirection="column" height={height}>
      <Table
        columns={kept.flatMap((i) => COLUMNS[i] ?? [])}
        rows={rows}
        selected={here?.id ?? ''}
        width={columns}
      />
      <Box flexGrow={1} />
      {here === undefined ? null : <TargetDetails target={here} />}
    </Box>
  );
}

/** Four seconds a column. */
function quarters(values: readonly number[]): readonly number[] {
  const sums: number[] = [];
  for (let i = 0; i < values.length; i += 4)
    sums.push(values.slice(i, i + 4).reduce((sum, value) => sum + value, 0));
  return sums;
}

function numberCell(n: number, token: Token): { readonly text: string; readonly token: Token } {
  return n === 0 ? { text: '-', token: 'dim' } : { text: String(n), token };
}

function TargetDetails({ target }: { readonly target: TargetView }): ReactNode {
  const { columns, glyphs } = useTerminal();
  const words = detailLines(target, columns);
  return (
    <Box flexDirection="column" height={DETAIL_LINES} overflow="hidden">
      <Tone token="dim">{fitMiddle(`here   ${target.folder}`, columns, glyphs.ellipsis)}</Tone>
      <Tone token="dim">{fitMiddle(`there  ${target.url}`, columns, glyphs.ellipsis)}</Tone>
      {words.map(({ text, token }) => (
        <Tone key={text} token={token}>
          {text}
        </Tone>
      ))}
    </Box>
  );
}

function detailLines(
  { trouble, status, name, activity }: TargetView,
  width: number,
): readonly { readonly text: string; readonly token: Token }[] {
  const lines: { readonly text: string; readonly token: Token }[] = [];
  const say = (text: string, token: Token): void => {
    for (const line of wrapWords(text, width)) lines.push({ text: line, token });
  };
  if (activity === 'seen' && status !== undefined) say(sentence(statusWords(status)), 'plain');
  if (trouble !== undefined) {
    say(trouble.message, 'error');
    if (trouble.hint !== undefined) say(trouble.hint, 'plain');
  }
  for (const { message } of status?.guards ?? []) say(sentence(message), 'error');
  if (status?.planId !== undefined)
    say(`If this is what you want: s4 sync ${name} --approve ${status.planId}`, 'plain');
  const [problem] = status?.problemViews ?? [];
  if (problem !== undefined) say(`${problem.path}: ${problem.message}`, 'warn');
  return lines.slice(0, DETAIL_LINES - 2);
}
