import type { SyncEvent } from '../engine/events.ts';
import { escapeForTerminal } from './escape.ts';
import { formatBytes } from './format.ts';

export interface ProgressState {
  /** Bytes moved by finished and running operations. */
  readonly bytes: number;
  readonly totalBytes: number;
  readonly finished: number;
  readonly total: number;
  readonly path: string;
}

export const PROGRESS_START: ProgressState = { bytes: 0, totalBytes: 0, finished: 0, total: 0, path: '' };

/** Pure: how far a run is, from its events. */
export function progressStep(state: ProgressState, event: SyncEvent): ProgressState {
  switch (event.kind) {
    case 'cycle-started':
    case 'cycle-finished':
      return PROGRESS_START;
    case 'planned':
      return {
        ...state,
        total: state.total + event.operations.length,
        totalBytes: state.totalBytes + event.bytesUp + event.bytesDown,
      };
    case 'operation-started':
      return { ...state, path: event.operation.path };
    case 'operation-progress':
      return { ...state, bytes: state.bytes + event.bytes };
    case 'operation-finished':
      return { ...state, finished: state.finished + 1 };
    default:
      return state;
  }
}

/** `12/40  3.1 MiB of 10.0 MiB  some/path`, without bytes where none are to be moved; no longer than `columns`; undefined when there is nothing to show. */
export function progressText(state: ProgressState, columns: number): string | undefined {
  if (state.total === 0 || state.finished >= state.total) return undefined;
  const bytes =
    state.totalBytes === 0
      ? ''
      : `  ${formatBytes(Math.max(0, state.bytes))} of ${formatBytes(state.totalBytes)}`;
  const head = `${state.finished}/${state.total}${bytes}`;
  const room = columns - head.length - 3;
  return room < 8 ? head.slice(0, columns - 1) : `${head}  ${middle(escapeForTerminal(state.path), room)}`;
}

/** Cut in the middle, at a safe width: every character counts double that might be shown so. */
function middle(text: string, width: number): string {
  const chars = [...text];
  const cells = chars.map((char) => ((char.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2));
  if (cells.reduce((sum, cell) => sum + cell, 0) <= width) return text;
  const half = Math.floor((width - 1) / 2);
  const tail = [...take(chars.toReversed(), cells.toReversed(), half)].toReversed().join('');
  return `${take(chars, cells, half)}…${tail}`;
}

function take(chars: readonly string[], cells: readonly number[], width: number): string {
  let used = 0;
  let out = '';
  for (const [i, char] of chars.entries()) {
    used += cells[i] ?? 1;
    if (used > width) break;
    out += char;
  }
  return out;
}
