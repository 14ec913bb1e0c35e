import type { ReactNode } from 'react';
import type { ConflictSideView, ConflictView } from '../../../engine/events.ts';
import { formatBytes, formatTime } from '../../../report/format.ts';
import type { Sides } from '../../../report/wording.ts';
import { Table, type TableCell } from '../../components/Table.tsx';
import { useTerminal } from '../../components/terminal-context.ts';

/** Both sides next to each other: what happened to each, its size, when and on which host. */
export function ConflictSides({
  conflict,
  sides,
}: {
  readonly conflict: ConflictView;
  readonly sides: Sides;
}): ReactNode {
  const { columns } = useTerminal();
  const { local, remote } = conflict;
  return (
    <Table
      width={columns}
      columns={[
        { header: 'SIDE' },
        { header: 'WAS' },
        { header: 'SIZE', align: 'right' },
        { header: 'TIME (UTC)', optional: 2 },
        { header: '', optional: 3 },
        { header: 'BY', cut: 'end', optional: 4 },
        { header: 'WHERE', cut: 'middle', optional: 5 },
      ]}
      rows={[
        { key: 'local', cells: cells('local', local, remote, sides.local) },
        { key: 'remote', cells: cells('remote', remote, local, sides.remote) },
      ]}
    />
  );
}

function cells(
  name: string,
  side: ConflictSideView,
  other: ConflictSideView,
  where: string,
): readonly TableCell[] {
  const { sizeBytes, modifiedMs, host } = side;
  const isNewer = modifiedMs !== undefined && other.modifiedMs !== undefined && modifiedMs > other.modifiedMs;
  return [
    { text: name, token: 'strong' },
    { text: side.state, token: side.state === 'deleted' ? 'delete' : 'update' },
    { text: sizeBytes === undefined ? '' : formatBytes(sizeBytes) },
    { text: modifiedMs === undefined ? '' : formatTime(modifiedMs) },
    { text: isNewer ? 'newer' : '', token: 'good' },
    { text: host ?? '' },
    { text: where, token: 'dim' },
  ];
}
