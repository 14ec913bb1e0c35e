import type { ConflictContents } from '../engine/cycle.ts';
import type { ConflictChoice, ConflictSideView, ConflictView } from '../engine/events.ts';
import { keptContents } from '../engine/history/kept-contents.ts';
import type { WaitingCopy } from '../engine/history/waiting-copies.ts';
import type { KeepChoice } from '../engine/ports/history.ts';
import { assertNever } from '../lib/assert-never.ts';
import { asText } from '../report/unified-diff.ts';
import { mergeTexts } from '../sync/merge.ts';
import { baseName, type RelPath } from '../sync/path.ts';
import type { TerminalHost } from '../ui/terminal.ts';
import { askOne } from './conflict-desk.ts';
import type { Context } from './context.ts';
import type { OpenTarget } from './open-target.ts';

/** What becomes of a conflict that was kept as both. */
export type KeptDecision =
  | { readonly kind: 'keep'; readonly keep: KeepChoice }
  /** Made of both, in place of both. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'later' };

export interface KeptDesk {
  ask(open: OpenTarget, waiting: WaitingCopy): Promise<KeptDecision>;
}

/** A text travels to a daemon that keeps the target in one line, which has a limit. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
const LATER: KeptDecision = { kind: 'later' };

/** Asks about conflicts that were kept as both, on the screen of a conflict; "the same for the rest" ends the asking. */
export function createKeptDesk(context: Context, terminal: TerminalHost): KeptDesk {
  let rest: ConflictChoice | undefined;
  let asked = 0;
  const edited = new Map<string, string>();
  return {
    ask: async ({ folder, store }, waiting) => {
      const { path, original } = waiting;
      const contents = keptContents(waiting, { folder, store, signal: context.signal });
      if (rest !== undefined) return decisionOf(rest, waiting, contents);
      const { decision, forTheRest } = await askOne(
        { context, terminal },
        {
          conflict: viewOf(waiting),
          kept: { originalThere: original !== undefined },
          contents,
          sides: { local: baseName(waiting.copy.key as string as RelPath), remote: baseName(path) },
          asked: asked++,
          edited,
        },
      );
      if (typeof decision !== 'string') return textDecision(decision.text);
      if (forTheRest) rest = decision;
      return decisionOf(decision, waiting, contents);
    },
  };
}

async function decisionOf(
  choice: ConflictChoice,
  { original }: WaitingCopy,
  contents: ConflictContents,
): Promise<KeptDecision> {
  switch (choice) {
    case 'local':
      return { kind: 'keep', keep: 'copy' };
    case 'remote':
      // "The same for the rest" is not about a copy that is all that is left.
      return original === undefined ? LATER : { kind: 'keep', keep: 'original' };
    case 'both':
      return { kind: 'keep', keep: 'both' };
    case 'merge': {
      if (original?.kind !== 'file') return LATER;
      const [base, copy, now] = await Promise.all([contents.base(), contents.local(), contents.remote()]);
      const merged = base && copy && now && mergeTexts(base, copy, now);
      return merged?.kind === 'clean' ? textDecision(merged.text) : LATER;
    }
    case 'newer':
    case 'skip':
      return LATER;
    default:
      return assertNever(choice);
  }
}

function textDecision(bytes: Uint8Array): KeptDecision {
  const text = bytes.byteLength > MAX_TEXT_BYTES ? undefined : asText(bytes);
  return text === undefined ? LATER : { kind: 'text', text };
}

function viewOf({ copy, original, path, host }: WaitingCopy): ConflictView {
  return {
    path,
    local: { ...sideOf(copy), host },
    remote: original === undefined ? { state: 'deleted' } : sideOf(original),
  };
}

function sideOf({ fingerprint }: WaitingCopy['copy']): ConflictSideView {
  return {
    state: 'updated',
    sizeBytes: fingerprint.sizeBytes,
    modifiedMs: Number(fingerprint.mtimeNs / 1_000_000n),
  };
}
