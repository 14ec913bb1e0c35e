import type { ConflictChoice } from '../../../engine/events.ts';
import type { ConflictMaterial, ConflictQuestion } from './conflict-material.ts';

export type MenuAction =
  | { readonly kind: 'choice'; readonly choice: ConflictChoice }
  | { readonly kind: 'diff' }
  | { readonly kind: 'edit' }
  | { readonly kind: 'use-edited' }
  | { readonly kind: 'rest' };

export interface MenuItem {
  readonly key: string;
  readonly label: string;
  readonly detail: string;
  readonly action: MenuAction;
  /** Why it cannot be chosen. */
  readonly why?: string;
}

/** What can be chosen, and what each would do. Pure. */
export function menuOf(
  question: ConflictQuestion,
  material: ConflictMaterial | undefined,
  forTheRest: boolean,
): readonly MenuItem[] {
  const { kept } = question;
  const merge = mergeWords(material, forTheRest, kept);
  const run = kept === undefined ? 'of this sync' : 'that wait';
  return [
    ...editedItems(question),
    ...(kept === undefined ? openChoices() : keptChoices(kept)),
    unless(merge.why, choice('m', 'merge', merge.detail, 'merge')),
    unless(editWhy(material, question), {
      key: 'e',
      label: 'edit',
      detail: `both in ${question.editor ?? 'an editor'}`,
      action: { kind: 'edit' },
    }),
    { key: 'd', label: 'diff', detail: 'what each side changed', action: { kind: 'diff' } },
    choice(
      's',
      kept === undefined ? 'skip' : 'later',
      kept === undefined ? 'asked again by the next sync' : 'both stay as they are',
      'skip',
    ),
    {
      key: 'a',
      label: 'all alike',
      detail: forTheRest ? `ON: the same for the rest ${run}` : 'off: this file only',
      action: { kind: 'rest' },
    },
  ];
}

function openChoices(): readonly MenuItem[] {
  return [
    choice('l', 'keep local', 'it replaces the one in the store', 'local'),
    choice('r', 'keep remote', 'the local one goes to the trash', 'remote'),
    choice('b', 'keep both', 'the local one under a name of its own', 'both'),
  ];
}

function keptChoices({ originalThere }: { readonly originalThere: boolean }): readonly MenuItem[] {
  return [
    unless(
      originalThere ? undefined : 'it is gone',
      choice('o', 'keep original', 'the copy goes to the trash', 'remote'),
    ),
    choice(
      'c',
      'keep copy',
      originalThere ? 'in place of the original, which goes to the trash' : 'under the name of the original',
      'local',
    ),
    choice('b', 'keep both', 'the copy gets an ordinary name', 'both'),
  ];
}

function choice(key: string, label: string, detail: string, which: ConflictChoice): MenuItem {
  return { key, label, detail, action: { kind: 'choice', choice: which } };
}

function unless(why: string | undefined, item: MenuItem): MenuItem {
  return why === undefined ? item : { ...item, why };
}

function editWhy(
  material: ConflictMaterial | undefined,
  { kept, editor }: ConflictQuestion,
): string | undefined {
  if (editor === undefined) return 'not while a daemon keeps the target';
  if (kept?.originalThere === false) return 'there is one only';
  return material?.kind === 'binary' ? 'not a text' : undefined;
}

function editedItems({ edited, kept }: ConflictQuestion): readonly MenuItem[] {
  if (edited === undefined) return [];
  return [
    {
      key: 'u',
      label: 'use edited',
      detail: `${edited.lines} lines ${kept === undefined ? 'on both sides' : 'in place of both'}`,
      action: { kind: 'use-edited' },
      ...(edited.hasMarkers ? { why: 'it still has the <<<<<<< and >>>>>>> of the conflict' } : {}),
    },
  ];
}

function mergeWords(
  material: ConflictMaterial | undefined,
  forTheRest: boolean,
  kept: ConflictQuestion['kept'],
): { readonly detail: string; readonly why?: string } {
  if (kept?.originalThere === false) return { detail: '', why: 'there is one only' };
  if (material === undefined) return { detail: 'looking at both', why: 'looking at both' };
  if (forTheRest)
    return { detail: `where edits fit together; else ${kept === undefined ? 'both' : 'later'}` };
  if (material.kind === 'binary') return { detail: '', why: 'not a text' };
  switch (material.merge) {
    case 'clean':
      return { detail: 'both edits, they fit together' };
    case 'touching':
      return { detail: '', why: 'both changed the same lines' };
    case 'no-base':
      return { detail: '', why: 'what they were before is not known' };
  }
}
