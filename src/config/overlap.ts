import { S4Error } from '../lib/errors.ts';
import type { TargetSettings } from './schema.ts';
import { parseStoreUrl, pathsOverlap, placesOverlap, type StorePlace } from './url.ts';

export interface Candidate {
  readonly folder: string;
  readonly place: StorePlace;
  readonly endpoint?: string | undefined;
}

/**
 * Refuses a folder that is another target's, and a folder or a prefix that lies in another target's or holds it: two
 * targets would sync each other's state for ever. Equal folder and equal URL is the same target, joined again.
 *
 * @param except - the name of the target that is being edited
 * @throws S4Error FOLDER_NESTED
 */
export function checkOverlap(
  candidate: Candidate,
  targets: readonly TargetSettings[],
  except?: string,
): TargetSettings | undefined {
  checkOwnStore(candidate);
  let same: TargetSettings | undefined;
  for (const target of targets) {
    if (target.name === except) continue;
    if (isSame(candidate, target)) same = target;
    else checkAgainst(candidate, target);
  }
  return same;
}

/**
 * The same for a folder whose store is not known yet: it must be no other target's, nor lie in one or around one.
 *
 * @throws S4Error FOLDER_NESTED
 */
export function checkFolderIsFree(folder: string, targets: readonly TargetSettings[], except?: string): void {
  for (const target of targets) {
    if (target.name === except) continue;
    checkAgainstFolder(folder, target);
    checkFolderAgainstStore(folder, parseStoreUrl(target.url), target);
  }
}

function isSame(candidate: Candidate, target: TargetSettings): boolean {
  return (
    candidate.folder === target.folder &&
    candidate.place.url === target.url &&
    (candidate.endpoint ?? '') === (target.s3?.endpoint ?? '')
  );
}

function checkOwnStore({ folder, place }: Candidate): void {
  if (place.kind !== 'file' || !pathsOverlap(folder, place.root)) return;
  throw new S4Error('FOLDER_NESTED', `The folder ${folder} and the store ${place.root} lie in each other.`, {
    hint: 'Choose a store outside the folder.',
  });
}

function checkAgainst(candidate: Candidate, target: TargetSettings): void {
  const { folder, place, endpoint } = candidate;
  checkAgainstFolder(folder, target);
  const other = { place: parseStoreUrl(target.url), endpoint: target.s3?.endpoint };
  // Two folders may be kept equal to one prefix: they are two clients of it, like two machines.
  if (place.url !== target.url && placesOverlap({ place, endpoint }, other)) {
    throw nested(
      `The store ${place.url} ${relation(place.url, target.url)} of target "${target.name}" (${target.folder} <=> ${target.url}).`,
    );
  }
  checkFolderAgainstStore(folder, other.place, target);
  checkFolderAgainstStore(target.folder, place, target);
}

function checkAgainstFolder(folder: string, target: TargetSettings): void {
  if (!pathsOverlap(folder, target.folder)) return;
  throw nested(
    `The folder ${folder} ${relation(folder, target.folder)} of target "${target.name}" (${target.folder} <=> ${target.url}).`,
  );
}

function checkFolderAgainstStore(folder: string, place: StorePlace, target: TargetSettings): void {
  if (place.kind !== 'file' || !pathsOverlap(folder, place.root)) return;
  throw nested(
    `The folder ${folder} and the store ${place.root} lie in each other (target "${target.name}").`,
  );
}

function relation(mine: string, theirs: string): string {
  if (mine === theirs) return 'already is that';
  return mine.length > theirs.length ? 'lies inside that' : 'holds that';
}

function nested(message: string): S4Error {
  return new S4Error('FOLDER_NESTED', message, {
    hint: 'Choose another one, or remove that target first (s4 rm).',
  });
}
