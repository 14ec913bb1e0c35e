import type { LogFact } from '../../formats/head-codec.ts';
import { formatMode } from '../../formats/metadata-codec.ts';
import type { BaseRow, RemoteToken } from '../../sync/entry.ts';
import { nameOfState } from '../../sync/token.ts';

/** What the remote log says of a write: the object's state, what it replaced, and when, by this client's clock. */
export function putFact(
  row: BaseRow,
  write: string,
  replaced: RemoteToken | undefined,
  atMs: number,
): LogFact {
  return factOf('put', row, atMs, write, replaced);
}

export function modeFact(row: BaseRow, write: string, replaced: RemoteToken, atMs: number): LogFact {
  return factOf('mode', row, atMs, write, replaced);
}

export function deleteFact(row: BaseRow, atMs: number): LogFact {
  return factOf('delete', row, atMs, undefined, row.remote);
}

function factOf(
  op: LogFact['op'],
  row: BaseRow,
  atMs: number,
  write: string | undefined,
  replaced: RemoteToken | undefined,
): LogFact {
  const { content, remote } = row;
  const executable = content.kind === 'file' && content.executable;
  return {
    path: row.key,
    op,
    etag: remote.etag,
    ...(remote.versionId !== undefined && { versionId: remote.versionId }),
    ...(content.kind !== 'folder' && { digest: content.digest }),
    sizeBytes: remote.sizeBytes,
    mtimeNs: row.mtimeNs,
    mode: formatMode(content.kind, executable),
    ...(write !== undefined && { write }),
    ...(replaced !== undefined && { replaced: nameOfState(replaced) }),
    atMs,
  };
}
