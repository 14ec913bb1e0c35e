import {
  encodeIndexHeader,
  encodeIndexRows,
  encodeIndexTable,
  encodeIndexTrailer,
  type IndexHeader,
  type IndexMember,
  memberChecksum,
  ROWS_PER_MEMBER,
} from '../../formats/index-codec.ts';
import type { BaseRow } from '../../sync/entry.ts';
import type { StateFiles } from '../ports/folder.ts';
import { type IndexFile, readMemberBytes, readMemberRows } from './index-file.ts';
import { lowerBound, mergeRows, type OverlayEntry } from './merge-rows.ts';

// Members that deletions left smaller than this are joined with their neighbour.
const FEW_ROWS = ROWS_PER_MEMBER / 4;
// A member may grow to this before it is split: a full one that gains a row must not push the rest along.
const MANY_ROWS = ROWS_PER_MEMBER * 1.5;

export interface FoldedIndex {
  /** The bytes of the new index, in order. `members` and `sizeBytes` are known when it is exhausted. */
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly members: readonly IndexMember[];
  sizeBytes(): number;
}

/**
 * A new index out of an old one and what changed since. Members without a change are copied byte for byte: one change
 * among a million rows packs about a thousand.
 *
 * @param old - undefined to start from nothing
 * @param overlay - in order
 */
export function foldIndex(
  state: StateFiles,
  old: IndexFile | undefined,
  overlay: readonly OverlayEntry[],
  header: IndexHeader,
): FoldedIndex {
  const members: IndexMember[] = [];
  let offset = 0;

  function place(bytes: Uint8Array): Uint8Array {
    offset += bytes.byteLength;
    return bytes;
  }

  function placeMember(bytes: Uint8Array, member: Pick<IndexMember, 'rows' | 'crc32' | 'first'>): Uint8Array {
    members.push({ offset, bytes: bytes.byteLength, ...member });
    return place(bytes);
  }

  function* pack(rows: readonly BaseRow[]): Iterable<Uint8Array> {
    const parts = rows.length <= MANY_ROWS ? 1 : Math.round(rows.length / ROWS_PER_MEMBER);
    const size = Math.ceil(rows.length / parts);
    for (let i = 0; i < rows.length; i += size) {
      const part = rows.slice(i, i + size);
      const first = part[0]?.key;
      if (first === undefined) return;
      const bytes = encodeIndexRows(part);
      yield placeMember(bytes, { rows: part.length, crc32: memberChecksum(bytes), first });
    }
  }

  async function* chunks(): AsyncIterable<Uint8Array> {
    yield place(encodeIndexHeader(header));
    let waiting: BaseRow[] = [];
    for (const part of splitByMember(old?.members ?? [], overlay)) {
      const few = waiting.length > 0;
      if (old === undefined || part.member === undefined) {
        waiting = mergeRows([], part.overlay);
      } else if (part.overlay.length === 0 && !few) {
        const { rows, crc32, first } = part.member;
        yield placeMember(await readMemberBytes(state, old, part.member), { rows, crc32, first });
      } else {
        waiting = [...waiting, ...mergeRows(await readMemberRows(state, old, part.position), part.overlay)];
      }
      if (waiting.length < FEW_ROWS) continue;
      yield* pack(waiting);
      waiting = [];
    }
    yield* pack(waiting);
    const tableOffset = offset;
    yield place(encodeIndexTable({ members }));
    yield place(encodeIndexTrailer(tableOffset));
  }

  return { chunks: chunks(), members, sizeBytes: () => offset };
}

interface FoldPart {
  readonly member: IndexMember | undefined;
  readonly position: number;
  readonly overlay: readonly OverlayEntry[];
}

/** Cuts the overlay at the members' first keys; what sorts before all of them goes with the first member. */
function* splitByMember(
  members: readonly IndexMember[],
  overlay: readonly OverlayEntry[],
): Iterable<FoldPart> {
  if (members.length === 0) yield { member: undefined, position: -1, overlay };
  let start = 0;
  for (const [position, member] of members.entries()) {
    const next = members[position + 1];
    const end = next === undefined ? overlay.length : lowerBound(overlay, next.first);
    yield { member, position, overlay: overlay.slice(start, end) };
    start = end;
  }
}
