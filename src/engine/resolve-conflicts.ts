import { decodeMetadata } from '../formats/metadata-codec.ts';
import { assertNever } from '../lib/assert-never.ts';
import type { JudgedEntry, Resolution } from '../sync/judged.ts';
import { mergeTexts } from '../sync/merge.ts';
import type { EntryKey } from '../sync/path.ts';
import { keyPath } from '../sync/path.ts';
import { lastingVersionId } from '../sync/token.ts';
import type { ConflictContents, ConflictDecision, CycleDeps, CycleOptions } from './cycle.ts';
import type { ConflictView } from './events.ts';
import type { Evidence } from './evidence.ts';
import { objectKey } from './keys.ts';
import { MAX_SHOWN_BYTES, readNamedState, readState } from './read-state.ts';
import { conflictView } from './views.ts';

export interface ConflictDeps {
  readonly cycle: CycleDeps;
  readonly options: CycleOptions;
  readonly evidence: ReadonlyMap<EntryKey, Evidence>;
  readonly hostOf: (clientId: string) => Promise<string | undefined>;
  /** Choices made in earlier passes: nothing is asked twice. */
  readonly made: Map<EntryKey, MadeChoice>;
}

/** A choice, and the two states that it was about: it decides nothing about an edit that came after it. */
export interface MadeChoice {
  readonly resolution: Resolution;
  readonly about: string;
}

/**
 * Decides each conflict: by `--conflicts`, else the target's policy, else by asking, else by keeping both.
 */
export async function resolveConflicts(
  conflicts: readonly JudgedEntry[],
  deps: ConflictDeps,
): Promise<ReadonlyMap<EntryKey, Resolution>> {
  const { cycle, options, made } = deps;
  for (const judged of conflicts) {
    const { key } = judged.row;
    const about = statesOf(judged);
    if (made.get(key)?.about === about) continue;
    const view = await viewOf(judged, deps);
    const policy = options.conflicts ?? cycle.target.conflicts;
    const { decide } = cycle;
    const decision =
      policy ?? (decide === undefined ? 'both' : await decide(view, contentsOf(judged, cycle)));
    made.set(key, { resolution: await resolutionOf(decision, judged, deps), about });
    const choice = typeof decision === 'string' ? decision : 'merge';
    if (options.mode === 'sync')
      cycle.emit({ kind: 'conflict', target: cycle.target.name, conflict: view, choice });
  }
  return standingResolutions(conflicts, made);
}

/** The choices that are about what is there now. */
export function standingResolutions(
  conflicts: readonly JudgedEntry[],
  made: ReadonlyMap<EntryKey, MadeChoice>,
): ReadonlyMap<EntryKey, Resolution> {
  const standing = new Map<EntryKey, Resolution>();
  for (const judged of conflicts) {
    const choice = made.get(judged.row.key);
    if (choice?.about === statesOf(judged)) standing.set(judged.row.key, choice.resolution);
  }
  return standing;
}

function statesOf({ row: { local, remote } }: JudgedEntry): string {
  if (local === undefined || local.kind === 'folder') return '';
  const { inode, sizeBytes, mtimeNs, ctimeNs } = local.fingerprint;
  return [local.kind, inode, sizeBytes, mtimeNs, ctimeNs, remote?.token.etag, remote?.token.sizeBytes].join(
    ' ',
  );
}

export async function viewOf(judged: JudgedEntry, deps: Omit<ConflictDeps, 'made'>): Promise<ConflictView> {
  const remote = deps.evidence.get(judged.row.key)?.remote;
  const client = remote && decodeMetadata(remote.metadata).write?.split('.', 1)[0];
  const host = client === undefined ? undefined : await deps.hostOf(client);
  return conflictView(judged, host, deps.cycle.runtime.host);
}

async function resolutionOf(
  choice: ConflictDecision,
  judged: JudgedEntry,
  deps: ConflictDeps,
): Promise<Resolution> {
  if (typeof choice !== 'string') return mergedByHand(choice.text, judged);
  switch (choice) {
    case 'local':
    case 'remote':
    case 'both':
    case 'skip':
      return { kind: choice };
    case 'newer':
      return newerSide(judged, deps.evidence.get(judged.row.key));
    case 'merge':
      return mergeSides(judged, deps);
    default:
      return assertNever(choice);
  }
}

/**
 * The text replaces what was shown, by the same operation and with the same looks again as a clean merge: here the
 * fingerprint that was judged, there the ETag. It must not become the text of a link.
 */
function mergedByHand(text: Uint8Array, { row }: JudgedEntry): Resolution {
  return row.local?.kind === 'file' ? { kind: 'merged', text } : { kind: 'both' };
}

/** Texts that merge cleanly against their common ancestor are merged; everything else, also links, is kept as both. */
async function mergeSides(judged: JudgedEntry, { cycle, evidence }: ConflictDeps): Promise<Resolution> {
  const { key, base: agreed } = judged.row;
  const published = evidence.get(key)?.remote;
  const isLink = published !== undefined && decodeMetadata(published.metadata).kind === 'symlink';
  if (isLink || agreed?.content.kind !== 'file' || judged.row.local?.kind !== 'file') return { kind: 'both' };
  const contents = contentsOf(judged, cycle);
  const [base, local, remote] = [await contents.base(), await contents.local(), await contents.remote()];
  const merged = base && local && remote && mergeTexts(base, local, remote);
  return merged?.kind === 'clean' ? { kind: 'merged', text: merged.text } : { kind: 'both' };
}

/** By modification time, as the user asked for: the one place where clocks of two machines are compared. */
function newerSide({ row }: JudgedEntry, evidence: Evidence | undefined): Resolution {
  if (row.local === undefined || row.local.kind === 'folder' || row.remote === undefined)
    return { kind: 'both' };
  const published = evidence?.remote && decodeMetadata(evidence.remote.metadata).mtimeNs;
  const remoteNs = published ?? BigInt(row.remote.token.modifiedMs) * 1_000_000n;
  const localNs = row.local.fingerprint.mtimeNs;
  if (localNs === remoteNs) return { kind: 'both' };
  return { kind: localNs > remoteNs ? 'local' : 'remote' };
}

function contentsOf({ row }: JudgedEntry, { folder, store }: CycleDeps): ConflictContents {
  const { local, remote, base } = row;
  const at = objectKey(remote?.key ?? row.key);
  return {
    local: () => folder.readSmall(keyPath(local?.key ?? row.key), MAX_SHOWN_BYTES),
    remote: () => readState(at, remote === undefined ? {} : { etag: remote.token.etag }, { store }),
    base: async () => {
      if (base === undefined) return undefined;
      const versionId = lastingVersionId(base.remote);
      return versionId === undefined
        ? readNamedState(at, base.remote.etag, { store })
        : readState(at, { versionId }, { store });
    },
  };
}
