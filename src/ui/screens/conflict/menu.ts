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
  const choice = (key: string, label: string, detail: string, which: ConflictChoice): MenuItem => ({
    key,
    label,
    detail,
    action: { kind: 'choice', choice: which },
  });
  const merge = mergeWords(material, forTheRest);
  const editWhy = material?.kind === 'binary' ? 'not a text' : undefined;
  return [
    ...editedItems(question),
    choice('l', 'keep local', 'it replaces the one in the store', 'local'),
    choice('r', 'keep remote', 'the local one goes to the trash', 'remote'),
    choice('b', 'keep both', 'the local one under a name of its own', 'both'),
    {
      ...choice('m', 'merge', merge.detail, 'merge'),
      ...(merge.why === undefined ? {} : { why: merge.why }),
    },
    {
      key: 'e',
      label: 'edit',
      detail: `both in ${question.editor}`,
      action: { kind: 'edit' },
      ...(editWhy === undefined ? {} : { why: editWhy }),
    },
    { key: 'd', label: 'diff', detail: 'what each side changed', action: { kind: 'diff' } },
    choice('s', 'skip', 'asked again by the next sync', 'skip'),
    {
      key: 'a',
      label: 'all alike',
      detail: forTheRest ? 'ON: the same for the rest of this sync' : 'off: this file only',
      action: { kind: 'rest' },
    },
  ];
}

function editedItems({ edited }: ConflictQuestion): readonly MenuItem[] {
  if (edited === undefined) return [];
  return [
    {
      key: 'u',
      label: 'use edited',
      detail: `${edited.lines} lines on both sides`,
      action: { kind: 'use-edited' },
      ...(edited.hasMarkers ? { why: 'it still has the <<<<<<< and >>>>>>> of the conflict' } : {}),
    },
  ];
}

function mergeWords(
  material: ConflictMaterial | undefined,
  forTheRest: boolean,
): { readonly detail: string; readonly why?: string } {
  if (material === undefined) return { detail: 'looking at both', why: 'looking at both' };
  if (forTheRest) return { detail: 'where edits fit together; else both' };
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
