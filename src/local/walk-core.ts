import { lstatSync } from 'node:fs';
import { S4Error } from '../lib/errors.ts';
import { createIgnoreRules, IGNORE_FILE, type IgnoreRules, LINKED_RULES } from '../sync/ignore.ts';
import type { Problem, ProblemCode } from '../sync/problem.ts';
import { localError } from './fs-errors.ts';
import { readNoFollow } from './read-no-follow.ts';
import { type BatchBuilder, createBatchBuilder, type WalkBatch } from './walk-batch.ts';
import { type Child, type FolderIdentity, type Listing, listFolder } from './walk-list.ts';
import { describeFault, nameFault } from './walk-names.ts';

/** What a walk is told; crosses threads. */
export interface WalkJob {
  readonly root: string;
  /** The root's identity when the folder was opened. */
  readonly identity: FolderIdentity;
  readonly under: string | undefined;
  readonly extraRules: ReadonlyMap<string, string> | undefined;
  /** The file system finds a name by other spellings too: only a listing tells the true one. */
  readonly exactNames: boolean;
}

/** Items a batch, about. */
const BATCH_ITEMS = 1500;
const MAX_RULES_BYTES = 1 << 20;

interface WalkState {
  readonly job: WalkJob;
  readonly out: BatchBuilder;
  readonly rules: IgnoreRules;
  /** Entries so far, folder rows included. */
  entries: number;
}

/**
 * The walk itself, synchronous: lstat of everything, in key order, a batch at a time. It runs in a worker, or between
 * two turns of the event loop.
 *
 * That a folder needs a row of its own is known only when nothing below proved to be an entry. Until then no batch is
 * given out, so that the row can still be put before what was said of the folder's contents.
 *
 * @throws S4Error FOLDER_MISSING; LOCAL_UNREADABLE, LOCAL_FAILED when the top itself cannot be read
 */
export function* walkFolder(job: WalkJob): Generator<WalkBatch, void, void> {
  const state: WalkState = { job, out: createBatchBuilder(), rules: createIgnoreRules(), entries: 0 };
  const route = job.under === undefined ? [] : job.under.split('/');
  checkRoot(job);
  yield* walkInto(state, '', job.identity, route);
  // A root that went away under the walk would make everything look deleted.
  checkRoot(job);
  if (state.out.size > 0) yield state.out.take();
}

function checkRoot({ root, identity }: WalkJob): void {
  const stats = lstatSync(root, { bigint: true, throwIfNoEntry: false });
  if (stats?.isDirectory() && stats.dev === identity.dev && stats.ino === identity.ino) return;
  throw new S4Error('FOLDER_MISSING', `the folder is gone or was replaced: ${root}`, {
    hint: 'If it lies on a disk that is not mounted, mount it and sync again.',
    data: { path: root },
  });
}

type Verdict = 'entry' | 'enter' | 'done';

/** @param route - names that lead down to `under`: only they are looked at */
function* walkInto(
  state: WalkState,
  folder: string,
  identity: FolderIdentity,
  route: readonly string[],
): Generator<WalkBatch, void, void> {
  const { out } = state;
  const start = out.size;
  const entriesBefore = state.entries;
  const only = route[0];
  const listing = readFolder(state, folder, identity, only);
  if (listing === undefined) return;
  for (const child of listing.children) {
    const path = folder === '' ? child.name : `${folder}/${child.name}`;
    const verdict =
      child.kind === 'found' ? judge(state, path, child, route) : reportChild(state, path, child);
    if (child.kind === 'found' && verdict === 'entry') {
      out.entry(path, child.stats, child.mode);
      state.entries++;
    } else if (child.kind === 'found' && verdict === 'enter') {
      yield* walkInto(state, path, child.stats, route.slice(1));
    }
    // With an entry in this folder every folder above has one too: none of them still owes a row.
    if (out.size >= BATCH_ITEMS && (folder === '' || state.entries > entriesBefore)) yield out.take();
  }
  if (folder === '' || only !== undefined || state.entries > entriesBefore) return;
  out.insertFolder(start, `${folder}/`, listing.occupied);
  state.entries++;
}

/** Lists a folder and enters its rules; where it cannot, says so and gives undefined. */
function readFolder(
  state: WalkState,
  folder: string,
  identity: FolderIdentity,
  only: string | undefined,
): (Listing & { readonly kind: 'listed' }) | undefined {
  const { job } = state;
  const path = folder === '' ? job.root : `${job.root}/${folder}`;
  const listing = listFolder(path, identity, { only, exactNames: job.exactNames });
  if (listing.kind === 'listed') {
    return enterRules(state, folder, listing.mayHaveRules ? path : undefined) ? listing : undefined;
  }
  // At the top none of these may pass for an empty folder.
  if (folder === '') {
    checkRoot(job);
    throw new S4Error('LOCAL_UNREADABLE', `the folder cannot be read: ${job.root}`, {
      data: { path: job.root, reason: listing.kind === 'failed' ? listing.errno : listing.kind },
    });
  }
  if (listing.kind === 'swapped')
    unknown(state, folder, 'changed-meanwhile', 'the folder was replaced while it was read');
  if (listing.kind === 'failed') unreadable(state, folder, listing.errno);
  return undefined;
}

/** False when the folder's rules cannot be read: what they would exclude is not known then. */
function enterRules(state: WalkState, folder: string, folderPath: string | undefined): boolean {
  const { rules, out, job } = state;
  const extra = job.extraRules?.get(folder);
  let text: string | undefined;
  try {
    if (folderPath !== undefined)
      text = readNoFollow(`${folderPath}/${IGNORE_FILE}`, MAX_RULES_BYTES)?.toString();
  } catch (error) {
    if (folder === '') throw localError(error, IGNORE_FILE);
    unknown(state, folder, 'unreadable', `its ${IGNORE_FILE} cannot be read`);
    return false;
  }
  if (text !== undefined) out.extra(folder, { kind: 'rules', text });
  // Of two versions the one that is absent counts as empty, and rules as such.
  if (text !== undefined || extra !== undefined) rules.addRules(folder, text ?? '');
  if (extra !== undefined) rules.addRules(folder, extra);
  return true;
}

/** Says what is to be said of a name, unless it is an entry or a folder to go into. */
function judge(
  state: WalkState,
  path: string,
  child: Child & { readonly kind: 'found' },
  route: readonly string[],
): Verdict {
  const { out, job, rules } = state;
  if (path === '.s4') return 'done';
  const fault = nameFault(path, child.name);
  if (fault === 'reserved') {
    out.extra(path, { kind: 'notice', message: 'the name is reserved for s4; not synced' });
    return 'done';
  }
  if (fault !== undefined) return badName(state, path, describeFault(fault));
  const isFolder = child.type === 'folder';
  if (!rules.empty && rules.ignores(path, isFolder)) {
    out.ignored(path, isFolder);
    return 'done';
  }
  if (child.stats.dev !== job.identity.dev) {
    unknown(state, path, 'other-device', 'it is on another file system; not synced', isFolder);
    return 'done';
  }
  if (isFolder) return 'enter';
  // `under` leads through here, and it is no folder: there is nothing under it.
  if (route.length > 1) return 'done';
  if (child.type === 'symlink' && child.name === IGNORE_FILE)
    out.extra(path, { kind: 'notice', message: LINKED_RULES });
  if (child.type !== 'other') return 'entry';
  out.extra(path, { kind: 'notice', message: 'a FIFO, socket or device; not synced' });
  return 'done';
}

function reportChild(
  state: WalkState,
  path: string,
  child: Exclude<Child, { readonly kind: 'found' }>,
): Verdict {
  if (child.kind === 'unwritable') return badName(state, path, describeFault('not-unicode'));
  const fault = nameFault(path, child.name);
  if (fault !== undefined) return badName(state, path, describeFault(fault));
  unreadable(state, path, child.errno);
  return 'done';
}

/** A name that no key can hold: nothing on the other side or in the base can be it. */
function badName(state: WalkState, path: string, message: string): Verdict {
  const problem = { path, side: 'local', code: 'bad-name', message, hint: 'Rename it to sync it.' } as const;
  state.out.extra(path, { kind: 'problem', problem, named: false, subtree: true });
  return 'done';
}

function unreadable(state: WalkState, path: string, errno: string): void {
  const denied = errno === 'EACCES' || errno === 'EPERM';
  if (denied) unknown(state, path, 'unreadable', 'permission denied');
  else unknown(state, path, 'local-error', `it cannot be read (${errno})`);
}

function unknown(state: WalkState, path: string, code: ProblemCode, message: string, subtree = true): void {
  const problem: Problem = { path, side: 'local', code, message };
  state.out.extra(path, { kind: 'problem', problem, named: true, subtree });
}
