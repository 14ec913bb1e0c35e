import type { ConflictContents, ConflictDecision, DecideConflict } from '../engine/cycle.ts';
import type { ConflictChoice, ConflictSideView, ConflictView } from '../engine/events.ts';
import { isS4Error } from '../lib/errors.ts';
import { asText } from '../report/unified-diff.ts';
import type { Sides } from '../report/wording.ts';
import { mergeTexts } from '../sync/merge.ts';
import type { ConflictMaterial, ConflictQuestion } from '../ui/screens/conflict/conflict-material.ts';
import type { TerminalHost } from '../ui/terminal.ts';
import type { SideNames } from '../ui/text/three-way.ts';
import { describeContent } from './contents.ts';
import type { Context } from './context.ts';
import { type ConflictTexts, editInEditor, editorOf, hasMarkers, startOfEdit } from './edit-conflict.ts';

export interface ConflictDeskOptions {
  readonly context: Context;
  readonly terminal: TerminalHost;
  /** Takes other screens away while a question has the terminal. */
  readonly aside: <T>(work: () => Promise<T>) => Promise<T>;
  /** Only choices can be carried out: no text that is made of both. */
  readonly choicesOnly?: boolean;
}

/** Asks about conflicts on a screen, one after the other; "the same for the rest" ends the asking. */
export function createConflictDesk(options: ConflictDeskOptions): (sides: Sides) => DecideConflict {
  let rest: ConflictChoice | undefined;
  let asked = 0;
  // Made by hand and not used, as the file was edited meanwhile: it is offered again.
  const edited = new Map<string, string>();
  return (sides) => async (conflict, contents) => {
    if (rest !== undefined) return rest;
    const decided = await options.aside(() => askOne(options, { conflict, contents, sides, asked, edited }));
    asked++;
    if (decided.forTheRest && typeof decided.decision === 'string') rest = decided.decision;
    return decided.decision;
  };
}

export interface Asking {
  readonly conflict: ConflictView;
  readonly kept?: NonNullable<ConflictQuestion['kept']>;
  readonly contents: ConflictContents;
  readonly sides: Sides;
  /** How many were asked before. */
  readonly asked: number;
  /** By path: what an editor left, and nothing used yet. */
  readonly edited: Map<string, string>;
}

export interface Decided {
  readonly decision: ConflictDecision;
  readonly forTheRest: boolean;
}

/** Asks until there is an answer, with the editor in between. @throws the reason of an interrupt */
export async function askOne(
  { context, terminal, choicesOnly = false }: Omit<ConflictDeskOptions, 'aside'>,
  asking: Asking,
): Promise<Decided> {
  const { conflict, kept, contents, sides, asked, edited } = asking;
  const { askConflict } = await import('../ui/screens/conflict/ask-conflict.ts');
  let read: Promise<Read> | undefined;
  const load = (): Promise<Read> => {
    read ??= readBoth(asking, contents);
    return read;
  };
  let notice: string | undefined;
  for (;;) {
    const text = edited.get(conflict.path);
    const question = {
      conflict,
      ...(kept === undefined ? {} : { kept }),
      sides,
      asked,
      editor: choicesOnly ? undefined : editorOf(context.env).name,
      ...(notice === undefined ? {} : { notice }),
      ...(text === undefined
        ? {}
        : { edited: { lines: text.split('\n').length - 1, hasMarkers: hasMarkers(text) } }),
    };
    const answer = await askConflict(terminal, question, async () => (await load()).material);
    if (answer.kind === 'choice') return { decision: answer.choice, forTheRest: answer.forTheRest };
    if (answer.kind === 'use-edited' && text !== undefined)
      return { decision: { kind: 'merged', text: Buffer.from(text) }, forTheRest: false };
    const { texts } = await load();
    if (texts !== undefined) notice = await edit(context, texts, asking);
  }
}

/** @returns why nothing came of it: the question stands then */
async function edit(
  context: Context,
  texts: ConflictTexts,
  { conflict, edited }: Asking,
): Promise<string | undefined> {
  const start = edited.get(conflict.path) ?? startOfEdit(texts);
  try {
    edited.set(conflict.path, await editInEditor(texts, start, { env: context.env, path: conflict.path }));
    return undefined;
  } catch (error) {
    if (!isS4Error(error)) throw error;
    return `${error.message} ${error.hint ?? ''}`.trim();
  }
}

interface Read {
  readonly material: ConflictMaterial;
  /** Where both are texts. */
  readonly texts?: ConflictTexts;
}

async function readBoth({ conflict, kept }: Asking, contents: ConflictContents): Promise<Read> {
  const [local, remote, base] = await Promise.all([contents.local(), contents.remote(), contents.base()]);
  const mine = local && asText(local);
  const theirs = remote && asText(remote);
  if (mine === undefined || theirs === undefined) {
    return {
      material: {
        kind: 'binary',
        local: await describeSide(conflict.local, local),
        remote: await describeSide(conflict.remote, remote),
      },
    };
  }
  const before = base && asText(base);
  const merged = base && local && remote && mergeTexts(base, local, remote);
  const { diffRows } = await import('../ui/text/diff-rows.ts');
  const { threeWayRows } = await import('../ui/text/three-way.ts');
  return {
    texts: { local: mine, remote: theirs, base: before },
    material: {
      kind: 'texts',
      rows:
        before === undefined
          ? diffRows(mine, theirs)
          : threeWayRows(before, mine, theirs, kept && KEPT_NAMES),
      merge: before === undefined ? 'no-base' : merged?.kind === 'clean' ? 'clean' : 'touching',
    },
  };
}

const KEPT_NAMES: SideNames = {
  local: 'copy',
  remote: 'original',
  onlyLocal: 'changed in the copy',
  onlyRemote: 'changed in the original',
};

function describeSide(
  { state, sizeBytes = 0 }: ConflictSideView,
  bytes: Uint8Array | undefined,
): Promise<string> {
  if (state === 'deleted') return describeContent({ kind: 'absent' });
  return describeContent(bytes === undefined ? { kind: 'large', sizeBytes } : { kind: 'bytes', bytes });
}
