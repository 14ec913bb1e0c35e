import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { S4Error } from '../lib/errors.ts';
import { guardLocal, isErrno } from './fs-errors.ts';

/** The folder of s4's own in the root: `.s4`, made with the first thing that is written to it. */
export interface Home {
  readonly path: string;
  readonly temp: string;
  readonly trash: string;
  /** Makes `.s4` (0700, with a `.gitignore` of `*`), `.s4/tmp` and `.s4/trash`, where missing. */
  ensure(): void;
}

export function createHome(root: string): Home {
  const path = `${root}/.s4`;
  const temp = `${path}/tmp`;
  const trash = `${path}/trash`;
  let ensured = false;
  return {
    path,
    temp,
    trash,
    ensure() {
      if (ensured) return;
      guardLocal('.s4', () => {
        for (const folder of [path, temp, trash]) makeFolder(folder);
        writeNew(`${path}/.gitignore`, '*\n');
      });
      ensured = true;
    },
  };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    if (!lstatSync(path).isDirectory())
      throw new S4Error('STATE_UNREADABLE', `${path} is not a folder`, {
        hint: 's4 keeps its own state there; move it away.',
        data: { path },
      });
  }
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}
