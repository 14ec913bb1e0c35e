import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TargetSettings } from '../config/schema.ts';
import { resolveSelection } from '../config/selection.ts';
import { S4Error } from '../lib/errors.ts';
import { parseKey, type RelPath } from '../sync/path.ts';
import type { Context } from './context.ts';
import { loadTargets } from './select.ts';

export interface OnePath {
  readonly target: TargetSettings;
  /** Undefined for the target's folder itself. */
  readonly path: RelPath | undefined;
}

/**
 * A PATH argument that may name something long gone: `./docs/x`, a path in a target's folder, or `TARGET:PATH`.
 *
 * @throws S4Error as `resolveSelection`, but never because nobody knows the path
 */
export async function onePath(context: Context, arg: string): Promise<OnePath> {
  const targets = loadTargets(context);
  const colon = arg.indexOf(':');
  const named = targets.find(({ name }) => colon > 0 && name === arg.slice(0, colon));
  if (named !== undefined && !exists(resolve(context.cwd, arg)))
    return { target: named, path: parsePath(arg.slice(colon + 1).replace(/^\/+|\/+$/g, '')) };
  const alone = targets.find(({ name }) => name === arg);
  if (alone !== undefined && !exists(resolve(context.cwd, arg))) return { target: alone, path: undefined };
  const [selection] = await resolveSelection([arg], {
    targets,
    cwd: context.cwd,
    exists,
    isKnown: async () => true,
  });
  if (selection === undefined) throw new S4Error('USAGE', 'A path is needed.');
  return { target: selection.target, path: selection.paths[0] };
}

/** The same where only a file will do. @throws S4Error USAGE */
export async function oneFile(context: Context, arg: string): Promise<OnePath & { readonly path: RelPath }> {
  const { target, path } = await onePath(context, arg);
  if (path !== undefined) return { target, path };
  throw new S4Error('USAGE', `"${arg}" is a whole target; a file is needed.`, {
    hint: `Write ./FILE in its folder, or ${target.name}:PATH.`,
  });
}

function parsePath(raw: string): RelPath | undefined {
  if (raw === '') return undefined;
  const parsed = parseKey(raw);
  if (parsed.ok) return parsed.path;
  throw new S4Error('USAGE', `"${raw}" is no path of a target (${parsed.fault.replaceAll('-', ' ')}).`);
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // What cannot be looked at is judged by its name.
    return false;
  }
}
