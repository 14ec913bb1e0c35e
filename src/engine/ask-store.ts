import { mapConcurrent } from '../lib/map-concurrent.ts';
import type { RemoteRow } from '../sync/entry.ts';
import { compareKeys, fileKey, folderKey, type RelPath } from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import { objectKey } from './keys.ts';
import type { Store } from './ports/store.ts';
import { collectListing } from './scan.ts';

const ASKED_AT_ONCE = 48;

export interface Question {
  readonly path: RelPath;
  /** What is below it is wanted too, whatever is found under the name itself. */
  readonly below: boolean;
}

/**
 * What the store has under these names, in key order: a HEAD each, and a listing of what is below where that is wanted, or
 * where there is no file of the name: it may be a folder now, also an empty one.
 *
 * @throws S4Error STORE_*; OBJECT_*: what cannot be asked about is not absent
 */
export async function askStore(
  questions: readonly Question[],
  { store, signal }: { readonly store: Store; readonly signal?: AbortSignal },
  problems: Problem[],
): Promise<readonly RemoteRow[]> {
  const call = signal === undefined ? {} : { signal };
  const answers = await mapConcurrent(questions, ASKED_AT_ONCE, async (question): Promise<RemoteRow[]> => {
    signal?.throwIfAborted();
    const { path, below } = question;
    const head = await store.head(objectKey(fileKey(path)), call);
    const own = head.kind === 'found' ? [rowOf(path, head.state)] : [];
    if (!below && head.kind === 'found') return own;
    return [...own, ...(await collectListing(store, problems, { ...call, under: folderKey(path) }))];
  });
  return answers.flat().sort((a, b) => compareKeys(a.key, b.key));
}

function rowOf(
  path: RelPath,
  state: { readonly token: RemoteRow['token']; readonly archived?: true },
): RemoteRow {
  return { key: fileKey(path), token: state.token, ...(state.archived && { archived: true }) };
}

/** Whether a folder has a marker in the store, and children: by the first page that tells both. @throws S4Error STORE_* */
export async function askFolder(
  path: RelPath,
  { store, signal }: { readonly store: Store; readonly signal?: AbortSignal },
): Promise<{ readonly marker: RemoteRow | undefined; readonly children: boolean }> {
  const key = folderKey(path);
  let children = false;
  for await (const page of store.list({ under: key, ...(signal && { signal }) })) {
    const marker = page.find((object) => object.key === (key as string));
    children ||= page.some((object) => object.key !== (key as string));
    // The marker sorts before everything in its folder; where it does not, a folder with children needs none.
    if (marker !== undefined || children) return { marker: marker && { key, token: marker.token }, children };
  }
  return { marker: undefined, children };
}
