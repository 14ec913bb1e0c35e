import type { JoinedRow } from './join.ts';
import type { LocalFile } from './operations.ts';
import type { Decision, FolderDecision } from './reconcile.ts';

/** A joined row with what reconcile made of it. */
export type Judged =
  | {
      readonly kind: 'entry';
      readonly row: JoinedRow;
      readonly decision: Decision;
      /** The executable bit that the result must have, where it is not that of the side that travels. */
      readonly executable?: boolean;
    }
  | { readonly kind: 'folder'; readonly row: JoinedRow; readonly decision: FolderDecision };

export type JudgedEntry = Extract<Judged, { kind: 'entry' }>;

/** How a conflict ends. `skip` leaves everything as it is. */
export type Resolution =
  | { readonly kind: 'local' }
  | { readonly kind: 'remote' }
  | { readonly kind: 'both' }
  | { readonly kind: 'merged'; readonly text: Uint8Array }
  | { readonly kind: 'skip' };

/** The local file or symlink of a row. */
export function localFile(row: JoinedRow | undefined): LocalFile | undefined {
  return row?.local === undefined || row.local.kind === 'folder' ? undefined : row.local;
}
