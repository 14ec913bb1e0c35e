import type { TargetSettings } from '../../config/schema.ts';
import type { Fulfilled } from '../../engine/history/fulfil.ts';
import { planRestore } from '../../engine/history/plan-restore.ts';
import type { FileVersion } from '../../engine/ports/history.ts';
import type { RelPath } from '../../sync/path.ts';
import type { Effect } from '../../ui/dashboard/actions.ts';
import type { DiffPanel, Notice } from '../../ui/dashboard/state.ts';
import { diffRows } from '../../ui/text/diff-rows.ts';
import { bringBack } from '../bring-back.ts';
import { difference, localSide, type Side, storedSide, textOf } from '../contents.ts';
import type { Context } from '../context.ts';
import { withStore, withTarget } from '../open-target.ts';
import { versionsIn } from '../versions.ts';

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { readonly kind: Kind }>;

export function readVersions(
  context: Context,
  target: TargetSettings,
  { path }: EffectOf<'read-versions'>,
): Promise<readonly FileVersion[]> {
  return withStore(context, target, (store) => versionsIn(context, target, store, path as RelPath));
}

export async function readDiff(
  context: Context,
  target: TargetSettings,
  { from, to, path }: EffectOf<'read-diff'>,
  title: string,
): Promise<DiffPanel> {
  const at = path as RelPath;
  const [before, after] = await withTarget(context, target, async ({ store, folder }) => {
    const stored = (versionId: string | undefined): Promise<Side> =>
      storedSide(store, at, {
        ...(versionId !== undefined && { versionId }),
        label: versionId ?? 'in the store',
        signal: context.signal,
      });
    return [
      await stored(from),
      to === undefined ? await localSide(folder, at, 'here') : await stored(to),
    ] as const;
  });
  return diffPanel(title, before, after);
}

async function diffPanel(title: string, before: Side, after: Side): Promise<DiffPanel> {
  const found = await difference(before, after);
  switch (found.kind) {
    case 'equal':
      return { title, rows: [], words: ['The contents are equal.'] };
    case 'binary':
      return {
        title,
        rows: [],
        // The title says which is which.
        words: [`- ${found.before}`, `+ ${found.after}`],
      };
    case 'text': {
      const absent = [before, after].filter(({ content }) => content.kind === 'absent');
      const rows = diffRows(textOf(before.content) ?? '', textOf(after.content) ?? '');
      return { title, rows, words: absent.map(({ label }) => `(${label}: there is none)`) };
    }
  }
}

/** @throws S4Error as `planRestore` and `bringBack` */
export async function restoreVersion(
  context: Context,
  target: TargetSettings,
  { path, versionId }: EffectOf<'restore'>,
): Promise<Notice> {
  const { services, signal } = context;
  let outcome: Fulfilled | undefined;
  const { published } = await withTarget(context, target, async (open) => {
    const { store, folder } = open;
    const base = await services.openBase(target, folder);
    const request = { kind: 'version', path: path as RelPath, versionId } as const;
    const { steps } = await planRestore(request, { store, folder, base, signal });
    const wishes = steps.map((step) => ({ kind: 'version', step }) as const);
    return bringBack(context, target, open, wishes, (fulfilled) => {
      outcome = fulfilled;
    });
  });
  if (outcome === undefined) return { tone: 'error', text: 'The daemon did not do it: see its state.' };
  if (outcome.kind === 'failed') {
    const { message, hint } = outcome.problem;
    return { tone: 'error', text: `${path}: ${message}.${hint === undefined ? '' : ` ${hint}`}` };
  }
  if (outcome.action === 'same') return { tone: 'dim', text: 'That version is here already.' };
  const next = published ? 'The daemon has published it.' : 'A sync publishes it (s).';
  return { tone: 'good', text: `It is here again; what was here is in the trash. ${next}` };
}
