import { keyPath, parseKey, type RelPath } from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import { objectKey } from './keys.ts';
import type { Base } from './ports/base.ts';
import type { Folder } from './ports/folder.ts';
import type { Store } from './ports/store.ts';
import { scan } from './scan.ts';

export interface WalkDeps {
  readonly folder: Folder;
  readonly base: Pick<Base, 'rows'>;
  readonly store: Pick<Store, 'prefixBytes'>;
  readonly signal?: AbortSignal;
}

export interface WalkFindings {
  /** Where the folder is not what the base says. */
  readonly paths: readonly RelPath[];
  /** Of names that no key can hold: no look at a path finds them. */
  readonly nameless: readonly Problem[];
}

/**
 * The folder is walked whole, and joined with a listing that the base itself gives, so that the store is not asked. What
 * nobody heard is found by it (H13).
 *
 * @throws S4Error FOLDER_MISSING, STATE_UNREADABLE; the signal's reason
 */
export async function changedHere({ folder, base, store, signal }: WalkDeps): Promise<WalkFindings> {
  const assumed: Pick<Store, 'list' | 'prefixBytes'> = {
    prefixBytes: store.prefixBytes,
    async *list() {
      for await (const rows of base.rows())
        yield rows.map(({ key, remote }) => ({ key: objectKey(key), token: remote }));
    },
  };
  const options = { distrustStat: false, extraRules: new Map(), ...(signal && { signal }) };
  const { rows, problems } = await scan(folder, assumed, base, options);
  const paths = new Set(rows.map(({ key }) => keyPath(key)));
  const nameless: Problem[] = [];
  for (const problem of problems) {
    const parsed = parseKey(problem.path);
    if (parsed.ok) paths.add(parsed.path);
    else nameless.push(problem);
  }
  return { paths: [...paths], nameless };
}
