import type { TrashRef } from '../engine/ports/folder.ts';
import { S4Error } from '../lib/errors.ts';
import { MAX_SEGMENT_BYTES, type RelPath, utf8Bytes } from '../sync/path.ts';

/** `2026-11-21T03.12.07Z-1f2e`: readable, sortable, and no other run's. */
export function trashRunName(nowMs: number, random: string): string {
  return `${new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '.')}Z-${random}`;
}

/** When a run began; undefined for a name that is no run's. */
export function trashRunTimeMs(run: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT)(\d\d)\.(\d\d)\.(\d\dZ)-[0-9a-f]+$/.exec(run);
  if (match === null) return undefined;
  const timeMs = Date.parse(`${match[1]}${match[2]}:${match[3]}:${match[4]}`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/**
 * Gives out places in one run's trash, each once: `<run>/<path>`, with `.2` behind a name that is taken, also where
 * one path needs a file and another a folder of the same name.
 */
export function createTrashNames(run: string): (path: RelPath) => TrashRef {
  const taken = new Map<string, 'file' | 'folder'>();
  const free = (folder: string, segment: string, as: 'file' | 'folder'): string => {
    for (let n = 1; ; n++) {
      const name = `${folder}/${n === 1 ? segment : numbered(segment, n)}`;
      const holder = taken.get(name);
      if (holder === undefined || (holder === 'folder' && as === 'folder')) {
        taken.set(name, as);
        return name;
      }
    }
  };
  return (path) => {
    const segments = path.split('/');
    const last = segments.pop() ?? '';
    let place = run;
    for (const segment of segments) place = free(place, segment, 'folder');
    return free(place, last, 'file') as TrashRef;
  };
}

function numbered(segment: string, n: number): string {
  const suffix = `.${n}`;
  let stem = segment;
  while (utf8Bytes(stem) + suffix.length > MAX_SEGMENT_BYTES) stem = [...stem].slice(0, -1).join('');
  return stem + suffix;
}

/** The parts of a reference, which may come from a journal: nothing in it may lead out of the trash. */
export function splitTrashRef(ref: TrashRef): { readonly run: string; readonly segments: readonly string[] } {
  const [run = '', ...segments] = ref.split('/');
  const sound = (part: string) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0');
  if (segments.length === 0 || ![run, ...segments].every(sound))
    throw new S4Error('LOCAL_FAILED', 'not a place in the trash', { data: { ref } });
  return { run, segments };
}
