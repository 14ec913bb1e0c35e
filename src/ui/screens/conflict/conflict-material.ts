import type { ConflictChoice, ConflictView } from '../../../engine/events.ts';
import type { Sides } from '../../../report/wording.ts';
import type { DiffRow } from '../../text/diff-rows.ts';

/** The contents of both sides, as far as a person can look at them. */
export type ConflictMaterial =
  | {
      readonly kind: 'texts';
      readonly rows: readonly DiffRow[];
      /** `clean`: both edits fit together. `touching`: they changed the same lines. `no-base`: what they were is not known. */
      readonly merge: 'clean' | 'touching' | 'no-base';
    }
  /** Type, size and hash of each side. */
  | { readonly kind: 'binary'; readonly local: string; readonly remote: string };

export interface ConflictQuestion {
  readonly conflict: ConflictView;
  /** Both were kept before: `local` is the copy, `remote` the original. Without it, both wait for a sync. */
  readonly kept?: { readonly originalThere: boolean };
  readonly sides: Sides;
  /** How many were asked before this one. */
  readonly asked: number;
  /** What `edit` starts; undefined: what it made could not be used. */
  readonly editor: string | undefined;
  /** What went wrong the last time. */
  readonly notice?: string;
  /** Made in an editor before, and not yet used. */
  readonly edited?: { readonly lines: number; readonly hasMarkers: boolean };
}

export type ConflictAnswer =
  | { readonly kind: 'choice'; readonly choice: ConflictChoice; readonly forTheRest: boolean }
  /** Gives the terminal to an editor, and asks again with what it made. */
  | { readonly kind: 'edit' }
  | { readonly kind: 'use-edited' };
