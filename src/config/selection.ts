import { realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { S4Error } from '../lib/errors.ts';
import { parseKey, type RelPath } from '../sync/path.ts';
import type { TargetSettings } from './schema.ts';
import { pathsOverlap } from './url.ts';

/** A target and what of it is meant; no paths: all of it. */
export interface Selection {
  readonly target: TargetSettings;
  readonly paths: readonly RelPath[];
}

export interface SelectionContext {
  readonly targets: readonly TargetSettings[];
  readonly cwd: string;
  /** Something is there; symlinks are not followed. */
  readonly exists: (absolutePath: string) => boolean;
  /** The base or the remote knows the path, or something below it. */
  readonly isKnown: (target: TargetSettings, path: RelPath) => Promise<boolean>;
}

interface Found {
  readonly target: TargetSettings;
  /** Undefined for the target's folder itself. */
  readonly path: RelPath | undefined;
}

/**
 * Resolves the TARGET|PATH arguments of a command. An argument with `/` or a leading `.` is a path; otherwise a target
 * of that name wins; otherwise it is a path relative to the current folder. No argument: all targets.
 *
 * @returns one selection per target, by name
 * @throws S4Error TARGET_UNKNOWN, USAGE (a name that is both, a path in no target, a path that nobody knows)
 */
export async function resolveSelection(
  args: readonly string[],
  context: SelectionContext,
): Promise<readonly Selection[]> {
  if (context.targets.length === 0) throw noTargets();
  const found: Found[] = [];
  for (const arg of args) found.push(await resolveOne(arg, context));
  const all = args.length === 0 ? context.targets.map((target) => ({ target, path: undefined })) : found;
  return gather(all);
}

/** A single TARGET argument, by name only. @throws S4Error TARGET_UNKNOWN */
export function findTarget(name: string, targets: readonly TargetSettings[]): TargetSettings {
  const target = targets.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  if (targets.length === 0) throw noTargets();
  throw new S4Error('TARGET_UNKNOWN', `"${name}" is an unknown target.`, {
    hint: `Choices are: ${names(targets)}.`,
  });
}

function looksLikePath(arg: string): boolean {
  return arg.includes('/') || arg.startsWith('.');
}

async function resolveOne(arg: string, context: SelectionContext): Promise<Found> {
  if (arg === '') throw new S4Error('USAGE', 'An empty argument is neither a target nor a path.');
  if (looksLikePath(arg)) return resolvePath(arg, context);
  const target = context.targets.find((candidate) => candidate.name === arg);
  const place = locate(resolve(context.cwd, arg), context.targets);
  if (target === undefined) return resolveBareWord(arg, place, context);
  const isOther = place !== undefined && !(place.target === target && place.path === undefined);
  if (isOther && (await isThere(place, resolve(context.cwd, arg), context))) {
    throw new S4Error('USAGE', `"${arg}" is both a target and a path in target "${place.target.name}".`, {
      hint: `Write ./${arg} for the path.`,
    });
  }
  return { target, path: undefined };
}

async function resolveBareWord(
  arg: string,
  place: Found | undefined,
  context: SelectionContext,
): Promise<Found> {
  if (place !== undefined && (await isThere(place, resolve(context.cwd, arg), context))) return place;
  throw new S4Error(
    'TARGET_UNKNOWN',
    place === undefined
      ? `"${arg}" is an unknown target.`
      : `"${arg}" is neither a target nor a path that target "${place.target.name}" knows.`,
    { hint: `Choices are: ${names(context.targets)}.` },
  );
}

async function resolvePath(arg: string, context: SelectionContext): Promise<Found> {
  const absolute = resolve(context.cwd, arg);
  const place = locate(absolute, context.targets);
  if (place === undefined) {
    const below = context.targets.filter((target) => pathsOverlap(target.folder, absolute));
    throw new S4Error('USAGE', `${absolute} is in no target's folder.`, {
      hint:
        below.length > 0
          ? `Targets below it: ${names(below)}. Name them.`
          : 'See "s4 targets" for what is synced, or add it with "s4 add".',
    });
  }
  if (await isThere(place, absolute, context)) return place;
  throw new S4Error('USAGE', `${absolute} does not exist, and target "${place.target.name}" never had it.`, {
    hint: 'Check the spelling.',
  });
}

async function isThere(place: Found, absolute: string, context: SelectionContext): Promise<boolean> {
  if (place.path === undefined || context.exists(absolute)) return true;
  return context.isKnown(place.target, place.path);
}

/**
 * Finds the target that holds a path: with the symlinks above it resolved, else (a folder that is gone) as written,
 * else as the folder that a symlink from outside leads to.
 */
function locate(absolute: string, targets: readonly TargetSettings[]): Found | undefined {
  for (const candidate of [throughSymlinks(absolute), absolute, realPath(absolute)]) {
    if (candidate === undefined) continue;
    for (const target of targets) {
      if (candidate === target.folder) return { target, path: undefined };
      if (candidate.startsWith(`${target.folder}/`))
        return { target, path: parse(relative(target.folder, candidate)) };
    }
  }
  return undefined;
}

function parse(path: string): RelPath {
  const parsed = parseKey(path);
  if (parsed.ok) return parsed.path;
  throw new S4Error(
    'USAGE',
    parsed.fault === 'reserved'
      ? `"${path}" is s4's own and not synced.`
      : `"${path}" cannot be synced (${parsed.fault.replaceAll('-', ' ')}).`,
  );
}

/** The last segment stays: a symlink is itself an entry. */
function throughSymlinks(absolute: string): string {
  const rest: string[] = [basename(absolute)];
  for (let parent = dirname(absolute); ; parent = dirname(parent)) {
    const real = realPath(parent);
    if (real !== undefined) return join(real, ...rest);
    if (parent === dirname(parent)) return absolute;
    rest.unshift(basename(parent));
  }
}

/** Undefined where it cannot be followed. */
function realPath(absolute: string): string | undefined {
  try {
    return realpathSync(absolute);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'].includes(code ?? '')) return undefined;
    throw error;
  }
}

function gather(found: readonly Found[]): readonly Selection[] {
  const byTarget = new Map<TargetSettings, Set<RelPath> | 'all'>();
  for (const { target, path } of found) {
    const paths = byTarget.get(target) ?? new Set<RelPath>();
    if (path === undefined || paths === 'all') byTarget.set(target, 'all');
    else byTarget.set(target, paths.add(path));
  }
  return [...byTarget]
    .map(([target, paths]) => ({ target, paths: paths === 'all' ? [] : [...paths].sort() }))
    .sort((a, b) => (a.target.name < b.target.name ? -1 : 1));
}

function noTargets(): S4Error {
  return new S4Error('TARGET_UNKNOWN', 'There are no targets yet.', {
    hint: 'Add one with "s4 add"; "s4 import" takes over those of Python S4.',
  });
}

function names(targets: readonly TargetSettings[]): string {
  return targets
    .map((target) => target.name)
    .sort()
    .join(', ');
}
