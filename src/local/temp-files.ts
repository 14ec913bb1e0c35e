import { rmSync } from 'node:fs';
import { look, unlinkIfThere } from './entries.ts';
import type { Sys } from './sys.ts';
import { listNames } from './trash.ts';

/** Removes what earlier runs left in `.s4/tmp`, but for what is named and what is being written now. */
export function cleanTemp(
  tempFolder: string,
  sys: Sys,
  keep: ReadonlySet<string>,
  live: ReadonlySet<string>,
): void {
  for (const name of listNames(tempFolder)) {
    if (keep.has(name) || live.has(name)) continue;
    const path = `${tempFolder}/${name}`;
    if (look(path)?.isDirectory()) rmSync(path, { recursive: true });
    else unlinkIfThere(sys, path);
  }
}
