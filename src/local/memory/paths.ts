import type { TrashRef } from '../../engine/ports/folder.ts';

/** s4's own folder at the top, and what is in it. */
export const STATE_FOLDER = '.s4';

export function tempPath(temp: string): string {
  return `${STATE_FOLDER}/tmp/${temp}`;
}

export function trashPath(ref: TrashRef): string {
  return `${STATE_FOLDER}/trash/${ref}`;
}

export function statePath(name: string): string {
  return `${STATE_FOLDER}/${name}`;
}
