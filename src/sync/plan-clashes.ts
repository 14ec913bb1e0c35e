import type { JoinedRow } from './join.ts';
import { type Judged, localFile } from './judged.ts';
import type { Operation } from './operations.ts';
import type { EntryKey, RelPath } from './path.ts';
import type { Problem } from './problem.ts';

export interface Clashes {
  readonly operations: readonly Operation[];
  readonly problems: readonly Problem[];
  /** Keys that need no operation of their own any more. */
  readonly settled: ReadonlySet<EntryKey>;
}

/**
 * A file and a folder of one name. Most are a swap on one side, whose own decisions end it. Where both would remain,
 * the file steps aside under a conflict name; where the store already holds both, s4 touches neither, but for a file
 * that another s4 wrote there in the same moment (`ownClashes`).
 */
export function resolveClashes(
  all: readonly Judged[],
  copyPath: (row: JoinedRow) => RelPath,
  ownClashes: ReadonlySet<EntryKey>,
): Clashes {
  const operations: Operation[] = [];
  const problems: Problem[] = [];
  const settled = new Set<EntryKey>();
  const below = new Map<EntryKey, Judged[]>();
  for (const judged of all) {
    for (let file = judged.row.under; file !== undefined; file = file.under) {
      const children = below.get(file.key);
      if (children === undefined) below.set(file.key, [judged]);
      else children.push(judged);
    }
  }
  for (const judged of all) {
    const { row } = judged;
    if (judged.kind !== 'entry' || !(row.beneath.base || row.beneath.local || row.beneath.remote)) continue;
    const children = below.get(row.key) ?? [];
    if (!remains(judged) || !(row.beneath.settled || children.some(remains))) continue;
    const local = localFile(row);
    if (row.remote !== undefined && row.beneath.remote && !ownClashes.has(row.key)) {
      problems.push(fileAndFolder(row.key));
      settled.add(row.key);
      for (const child of children) settled.add(child.row.key);
    } else if (local !== undefined) {
      operations.push({ kind: 'local-aside', key: row.key, local, copy: copyPath(row) });
      settled.add(row.key);
    } else if (row.remote !== undefined) {
      operations.push({ kind: 'remote-aside', key: row.key, remote: row.remote, copy: copyPath(row) });
      settled.add(row.key);
    }
  }
  return { operations, problems, settled };
}

function remains(judged: Judged): boolean {
  switch (judged.decision.kind) {
    case 'delete-local':
    case 'delete-remote':
    case 'forget':
    case 'remove-local':
    case 'remove-remote':
      return false;
    default:
      return judged.row.local !== undefined || judged.row.remote !== undefined;
  }
}

function fileAndFolder(path: string): Problem {
  return {
    path,
    side: 'remote',
    code: 'file-and-folder',
    message: 'the store holds a file and a folder of this name, and a disk can hold only one',
    hint: 'Rename or remove one of them in the bucket.',
  };
}
