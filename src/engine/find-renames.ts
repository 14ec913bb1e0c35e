import { decodeMetadata } from '../formats/metadata-codec.ts';
import { mapConcurrent } from '../lib/map-concurrent.ts';
import type { Judged, JudgedEntry } from '../sync/judged.ts';
import type { EntryKey } from '../sync/path.ts';
import { keyPath } from '../sync/path.ts';
import { findRenames, type Rename, type RenameCandidate } from '../sync/renames.ts';
import { type Evidence, hashedAs, type LookDeps } from './evidence.ts';
import type { Judgement } from './judge.ts';
import { objectKey } from './keys.ts';
import { problemFrom } from './problem-from.ts';
import { provenDigest } from './proven-digest.ts';

export interface FoundRenames {
  readonly remoteRenames: readonly Rename[];
  readonly localRenames: readonly Rename[];
  readonly judged: readonly Judged[];
  readonly evidence: ReadonlyMap<EntryKey, Evidence>;
}

const LOOKS_AT_ONCE = 48;

/**
 * Recognises moved files: a creation and a deletion on one side with the same content. Only creations of a size that
 * also vanished are hashed (here) or asked about (in the store), so that a first upload costs nothing extra.
 */
export async function recogniseRenames(judgement: Judgement, deps: LookDeps): Promise<FoundRenames> {
  const entries = judgement.judged.filter((j): j is JudgedEntry => j.kind === 'entry' && !isClash(j));
  const goneHere = entries.filter(({ decision }) => decision.kind === 'delete-remote');
  const goneThere = entries.filter(({ decision }) => decision.kind === 'delete-local');
  const newHere = entries.filter(({ row, decision }) => decision.kind === 'upload' && isNew(row));
  const newThere = entries.filter(({ row, decision }) => decision.kind === 'download' && isNew(row));
  const hashed = await hashCreated(newHere, sizesOf(goneHere), deps);
  const asked = await askCreated(newThere, goneThere, deps);
  const evidence = new Map(judgement.evidence);
  for (const { judged, evidence: found } of hashed) evidence.set(judged.row.key, found);
  const fresh = new Map(hashed.map(({ judged }) => [judged.row.key, judged]));
  return {
    remoteRenames: findRenames(
      hashed.map(({ candidate }) => candidate),
      goneHere.flatMap(baseCandidate),
    ),
    localRenames: findRenames(asked, goneThere.flatMap(baseCandidate)),
    judged: judgement.judged.map((judged) => fresh.get(judged.row.key) ?? judged),
    evidence,
  };
}

function isNew(row: JudgedEntry['row']): boolean {
  return row.base === undefined && (row.local === undefined || row.remote === undefined);
}

/** File and folder of one name: those are ordered by rules of their own. */
function isClash({ row }: JudgedEntry): boolean {
  return row.under !== undefined || row.beneath.local || row.beneath.remote || row.beneath.base;
}

function sizesOf(entries: readonly JudgedEntry[]): ReadonlySet<number> {
  return new Set(entries.flatMap(baseCandidate).map(({ sizeBytes }) => sizeBytes));
}

function baseCandidate({ row }: JudgedEntry): RenameCandidate[] {
  const { base } = row;
  if (base === undefined || base.content.kind !== 'file') return [];
  const { digest, sizeBytes } = base.content;
  return [{ key: row.key, digest, sizeBytes, ...(base.local && { inode: base.local.inode }) }];
}

interface HashedCreation {
  readonly judged: JudgedEntry;
  readonly candidate: RenameCandidate;
  readonly evidence: Evidence;
}

async function hashCreated(
  created: readonly JudgedEntry[],
  sizes: ReadonlySet<number>,
  deps: LookDeps,
): Promise<readonly HashedCreation[]> {
  const candidates = created.filter(
    ({ row }) => row.local?.kind === 'file' && sizes.has(row.local.fingerprint.sizeBytes),
  );
  const results = await mapConcurrent(
    candidates,
    LOOKS_AT_ONCE,
    async (judged): Promise<HashedCreation[]> => {
      const { local, key } = judged.row;
      if (local?.kind !== 'file') return [];
      const request = { path: keyPath(key), etagPartSizes: [0], ...(deps.signal && { signal: deps.signal }) };
      const outcome = await deps.folder.hash(request).catch((error: unknown) => {
        // Its own upload will meet the same trouble and report it; here it only means: not a rename.
        problemFrom(error, key);
        return undefined;
      });
      if (outcome?.kind !== 'hashed') return [];
      const seen = hashedAs(local, outcome);
      if (seen === undefined) return [];
      const { digest } = outcome;
      const { sizeBytes, inode } = outcome.fingerprint;
      return [
        {
          judged: { ...judged, row: { ...judged.row, local: seen.local } },
          candidate: { key, digest, sizeBytes, inode },
          evidence: { local: seen.evidence },
        },
      ];
    },
  );
  return results.flat();
}

/** New objects are asked for the SHA-256 that is bound to their bytes; where there is none they are downloaded. */
async function askCreated(
  created: readonly JudgedEntry[],
  gone: readonly JudgedEntry[],
  deps: LookDeps,
): Promise<readonly RenameCandidate[]> {
  const sizes = sizesOf(gone);
  const modes = modesOf(gone);
  const candidates = created.filter(
    ({ row }) => row.remote !== undefined && sizes.has(row.remote.token.sizeBytes),
  );
  const results = await mapConcurrent(
    candidates,
    LOOKS_AT_ONCE,
    async ({ row }): Promise<RenameCandidate[]> => {
      const signal = deps.signal ? { signal: deps.signal } : {};
      const head = await deps.store.head(objectKey(row.key), signal).catch((error: unknown) => {
        problemFrom(error, row.key);
        return undefined;
      });
      if (head?.kind !== 'found' || head.state.token.etag !== row.remote?.token.etag) return [];
      const facts = decodeMetadata(head.state.metadata);
      const digest = provenDigest(head.state);
      if (digest === undefined || facts.kind === 'symlink') return [];
      // A move that also changed the mode is a new file: its mode must come along. So must it where files of that content
      // had either: which of them was moved nobody knows.
      if (facts.executable !== undefined && modes.get(digest)?.has(!facts.executable) !== false) return [];
      return [{ key: row.key, digest, sizeBytes: head.state.token.sizeBytes }];
    },
  );
  return results.flat();
}

/** Which executable bits the files of each content had. */
function modesOf(gone: readonly JudgedEntry[]): ReadonlyMap<string, ReadonlySet<boolean>> {
  const modes = new Map<string, Set<boolean>>();
  for (const { row } of gone) {
    const content = row.base?.content;
    if (content?.kind !== 'file') continue;
    modes.set(content.digest, (modes.get(content.digest) ?? new Set()).add(content.executable));
  }
  return modes;
}
