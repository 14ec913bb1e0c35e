import { decodeMetadata } from '../../formats/metadata-codec.ts';
import type { OperationOf } from '../../sync/operations.ts';
import { keyPath } from '../../sync/path.ts';
import type { OperationContext, OperationResult } from './context.ts';
import { orDiscard } from './or-discard.ts';
import { placeFetched } from './place-fetched.ts';
import { upload } from './upload.ts';

/**
 * Writes a merged text here, over the expected local version (which goes to the trash), and sends it up over the
 * expected remote version (which the store's versions keep). A crash in between leaves a local edit of the merged text
 * whose base is the old one: the next run finds the same conflict, in which a clean merge merges cleanly again, and a text
 * made by hand is the local side.
 */
export async function placeMerged(
  operation: OperationOf<'merge'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, local, remote, merged } = operation;
  const path = keyPath(local.key);
  const executable = await mergedMode(operation, context);
  const staging = await context.folder.stage(merged.byteLength);
  const mtimeNs = BigInt(context.runtime.nowMs()) * 1_000_000n;
  const staged = await orDiscard(staging, async () => {
    await staging.write(merged);
    return staging.finish({ kind: 'file', executable, mtimeNs });
  });
  const placed = await placeFetched({ staged, staging }, path, local, context);
  if (placed.kind === 'refused') return placed.result;
  const { fingerprint, finished } = placed;
  const sent = await upload(
    {
      kind: 'upload',
      key,
      local: { kind: 'file', key: local.key, fingerprint, executable },
      replaces: remote,
    },
    { ...context, evidence: new Map() },
  );
  return { ...sent, finished: [...finished, ...(sent.finished ?? [])] };
}

/** The executable bit is merged as the text is: whoever changed it had it so. */
async function mergedMode(
  { key, local }: OperationOf<'merge'>,
  { base, evidence }: OperationContext,
): Promise<boolean> {
  const here = local.kind === 'file' && local.executable;
  const ancestor = (await base.get(key))?.content;
  const there = evidence.get(key)?.remote;
  if (ancestor?.kind !== 'file' || ancestor.executable !== here || there === undefined) return here;
  return decodeMetadata(there.metadata).executable ?? here;
}
