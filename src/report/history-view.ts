import type { FileVersion, RestoreStep, TrashedFile } from '../engine/ports/history.ts';
import { escapeForTerminal } from './escape.ts';
import { formatBytes, formatTime } from './format.ts';
import type { Tone } from './line.ts';
import { tableLines } from './table.ts';

/** Who, for people: the host, else the start of the client's id, else another tool. */
export function authorWords({ author }: Pick<FileVersion, 'author'>): string {
  if (author === undefined) return '-';
  return escapeForTerminal(author.host ?? author.client.slice(0, 8));
}

/** `current`, `deleted`, `archived`, or nothing. */
export function versionNote({ latest, state }: FileVersion): string {
  if (state.kind === 'deleted') return 'deleted';
  const notes = [
    ...(latest ? ['current'] : []),
    ...(state.kind === 'symlink' ? ['symlink'] : []),
    ...(state.archived === true ? ['archived'] : []),
  ];
  return notes.join(', ');
}

export function versionTable(versions: readonly FileVersion[]): readonly string[] {
  return tableLines(
    ['time', 'size', 'by', 'version', ''],
    versions.map((version) => [
      formatTime(version.modifiedMs),
      version.state.kind === 'deleted' ? '' : formatBytes(version.state.sizeBytes),
      authorWords(version),
      escapeForTerminal(version.versionId),
      versionNote(version),
    ]),
  );
}

/** One line of a restore, done or planned. */
export function restoreLine(
  { path, action, modifiedMs, sizeBytes }: RestoreStep,
  planned: boolean,
): { readonly text: string; readonly tone: Tone } {
  const name = escapeForTerminal(path);
  const from = `as of ${formatTime(modifiedMs)} (${formatBytes(sizeBytes)})`;
  switch (action) {
    case 'create':
      return { text: `${planned ? 'Would bring back' : 'Brought back'} ${name} ${from}`, tone: 'create' };
    case 'replace':
      return {
        text: planned
          ? `Would replace ${name} by the one ${from}`
          : `Replaced ${name} by the one ${from}; what was there is in the trash`,
        tone: 'update',
      };
    case 'same':
      return { text: `${name} is that version already`, tone: 'dim' };
  }
}

/** Newest first. */
export function trashTable(files: readonly TrashedFile[], nowMs: number): readonly string[] {
  return tableLines(
    ['moved', 'age', 'size', 'path'],
    files.map(({ movedMs, sizeBytes, path }) => [
      formatTime(movedMs),
      ageWords(nowMs - movedMs),
      formatBytes(sizeBytes),
      escapeForTerminal(path),
    ]),
  );
}

const STEPS: readonly (readonly [number, string])[] = [
  [24 * 60 * 60 * 1000, 'd'],
  [60 * 60 * 1000, 'h'],
  [60 * 1000, 'min'],
];

/** `3 d`, `2 h`, `5 min`, `now`. */
function ageWords(ageMs: number): string {
  for (const [unitMs, unit] of STEPS) if (ageMs >= unitMs) return `${Math.floor(ageMs / unitMs)} ${unit}`;
  return 'now';
}
