import { lstatSync } from 'node:fs';
import { secretsOf, type TargetSettings } from '../config/schema.ts';
import { resolveSelection, type Selection } from '../config/selection.ts';
import { fileKey, folderKey, type RelPath } from '../sync/path.ts';
import type { Context } from './context.ts';
import { withTarget } from './open-target.ts';

/** The targets of the config, with their secrets hidden from any output. */
export function loadTargets(context: Context): readonly TargetSettings[] {
  const config = context.config.read();
  context.hide(secretsOf(config));
  return config.targets;
}

/** What the TARGET|PATH arguments mean. @throws as `resolveSelection` */
export function select(context: Context, args: readonly string[]): Promise<readonly Selection[]> {
  return resolveSelection(args, {
    targets: loadTargets(context),
    cwd: context.cwd,
    exists,
    isKnown: (target, path) => isKnown(context, target, path),
  });
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // A file where a folder would have to be, or a folder that may not be looked into.
    if (['ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return false;
    throw error;
  }
}

/** The remote is asked first: it is one request, where the base may have to be read whole. */
async function isKnown(context: Context, target: TargetSettings, path: RelPath): Promise<boolean> {
  return withTarget(context, target, async ({ store, folder }) => {
    const below = folderKey(path);
    for await (const page of store.list({ under: path, signal: context.signal }))
      if (page.some(({ key }) => (key as string) === path || key.startsWith(below))) return true;
    const base = await context.services.openBase(target, folder);
    if ((await base.get(fileKey(path))) !== undefined) return true;
    for await (const rows of base.rows()) if (rows.some(({ key }) => key.startsWith(below))) return true;
    return false;
  });
}
