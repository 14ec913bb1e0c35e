import type { ReactNode } from 'react';
import type { ConflictSideView } from '../../../engine/events.ts';
import { formatBytes, formatTime } from '../../../report/format.ts';
import { Table, type TableCell } from '../../components/Table.tsx';
import { useTerminal } from '../../components/terminal-context.ts';
import type { ConflictQuestion } from './conflict-material.ts';

/** Both sides next to each other: what happened to each, its size, when and on which host. */
export function ConflictSides({ question }: { readonly question: ConflictQuestion }): ReactNode {
  const { columns } = useTerminal();
  const { conflict, sides, kept } = question;
  const { local, remote } = conflict;
  const names =
    kept === undefined ? { local: 'local', remote: 'remote' } : { local: 'copy', remote: 'original' };
  return (
    <Table
      width={columns}
      columns={[
        { header: kept === undefined ? 'SIDE' : 'WHICH' },
        { header: kept === undefined ? 'WAS' : '' },
        { header: 'SIZE', align: 'right' },
        { header: 'TIME (UTC)', optional: 2 },
        { header: '', optional: 3 },
        { header: 'BY', cut: 'end', optional: 4 },
        { header: kept === undefined ? 'WHERE' : 'NAME', cut: 'middle', optional: 5 },
      ]}
      rows={[
        { key: 'local', cells: cells(names.local, local, remote, { question, where: sides.local }) },
        { key: 'remote', cells: cells(names.remote, remote, local, { question, where: sides.remote }) },
      ]}
    />
  );
}

function cells(
  name: string,
  side: ConflictSideView,
  other: ConflictSideView,
  { question, where }: { readonly question: ConflictQuestion; readonly where: string },
): readonly TableCell[] {
  const { state, sizeBytes, modifiedMs, host } = side;
  const isNewer = modifiedMs !== undefined && other.modifiedMs !== undefined && modifiedMs > other.modifiedMs;
  return [
    { text: name, token: 'strong' },
    question.kept === undefined
      ? { text: state, token: state === 'deleted' ? 'delete' : 'update' }
      : { text: state === 'deleted' ? 'gone' : '', token: 'delete' },
    { text: sizeBytes === undefined ? '' : formatBytes(sizeBytes) },
    { text: modifiedMs === undefined ? '' : formatTime(modifiedMs) },
    { text: isNewer ? 'newer' : '', token: 'good' },
    { text: host ?? '' },
    { text: where, token: 'dim' },
  ];
}
