import { Box } from 'ink';
import { type ReactNode, useRef } from 'react';
import type { FileVersion } from '../../engine/ports/history.ts';
import { formatBytes, formatTime } from '../../report/format.ts';
import { authorWords, versionNote } from '../../report/history-view.ts';
import { DiffView } from '../components/DiffView.tsx';
import { Table } from '../components/Table.tsx';
import { Tone } from '../components/Tone.tsx';
import { useTerminal } from '../components/terminal-context.ts';
import { topFor } from '../text/scroll.ts';
import type { Column } from '../text/table-layout.ts';
import type { VersionsPanel } from './state.ts';

const COLUMNS: readonly Column[] = [
  { header: '' },
  { header: 'WRITTEN (UTC)' },
  { header: 'SIZE', align: 'right' },
  { header: 'BY', cut: 'end', optional: 1 },
  { header: '', cut: 'end' },
  { header: 'VERSION', cut: 'end', optional: 2 },
];

export interface VersionsViewProps {
  readonly panel: VersionsPanel;
  readonly height: number;
  /** A difference scrolls while nothing lies over it. */
  readonly isActive: boolean;
}

/** The versions of a file, or the difference of two. */
export function VersionsView({ panel, height, isActive }: VersionsViewProps): ReactNode {
  if (panel.diff !== undefined) return <Difference diff={panel.diff} height={height} isActive={isActive} />;
  return <VersionList panel={panel} height={height} />;
}

function VersionList({ panel, height }: Omit<VersionsViewProps, 'isActive'>): ReactNode {
  const { columns, glyphs } = useTerminal();
  const top = useRef(0);
  const { versions, cursor, marked } = panel;
  const inSight = Math.max(1, height - 5);
  top.current = topFor(cursor, top.current, inSight, versions?.length ?? 0);
  const here = versions?.[cursor];
  return (
    <Box flexDirection="column" height={height}>
      <Tone token="strong">{panel.path}</Tone>
      {versions === undefined ? <Tone token="dim">{`asking the store${glyphs.ellipsis}`}</Tone> : null}
      {versions?.length === 0 ? <Tone token="dim">The store keeps no versions of it.</Tone> : null}
      {versions === undefined || versions.length === 0 ? null : (
        <Table
          columns={COLUMNS}
          rows={versions
            .slice(top.current, top.current + inSight)
            .map((version) => versionRow(version, version.versionId === marked ? glyphs.checked : ''))}
          selected={here?.versionId ?? ''}
          width={columns}
        />
      )}
      <Box flexGrow={1} />
      {panel.confirming && here !== undefined ? (
        <>
          <Tone token="warn">Restore this version? (y/n)</Tone>
          <Tone token="dim">What is here now goes to the trash.</Tone>
        </>
      ) : null}
    </Box>
  );
}

function versionRow(version: FileVersion, mark: string) {
  const { versionId, modifiedMs, state } = version;
  const deleted = state.kind === 'deleted';
  return {
    key: versionId,
    cells: [
      { text: mark, token: 'accent' as const },
      { text: formatTime(modifiedMs) },
      { text: deleted ? '' : formatBytes(state.sizeBytes) },
      { text: authorWords(version) },
      { text: versionNote(version), token: deleted ? ('delete' as const) : ('good' as const) },
      { text: versionId, token: 'dim' as const },
    ],
  };
}

function Difference({
  diff,
  height,
  isActive,
}: {
  readonly diff: NonNullable<VersionsPanel['diff']>;
  readonly height: number;
  readonly isActive: boolean;
}): ReactNode {
  const { glyphs } = useTerminal();
  return (
    <Box flexDirection="column" height={height}>
      <Tone token="strong">{diff.title}</Tone>
      {diff.rows === undefined ? <Tone token="dim">{`reading${glyphs.ellipsis}`}</Tone> : null}
      {diff.words.map((words) => (
        <Tone key={words}>{words}</Tone>
      ))}
      {diff.rows === undefined || diff.rows.length === 0 ? null : (
        <DiffView rows={diff.rows} height={height - 2} isActive={isActive} />
      )}
    </Box>
  );
}
