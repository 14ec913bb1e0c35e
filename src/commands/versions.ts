import type { TargetSettings } from '../config/schema.ts';
import { fileVersions } from '../engine/history/file-versions.ts';
import type { FileVersion } from '../engine/ports/history.ts';
import type { Store } from '../engine/ports/store.ts';
import { hostLookup } from '../engine/publish.ts';
import { S4Error } from '../lib/errors.ts';
import { versionTable } from '../report/history-view.ts';
import type { RelPath } from '../sync/path.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { oneFile } from './one-path.ts';
import { withStore } from './open-target.ts';

/** `s4 versions PATH`: what the store keeps of a file, newest first. */
export async function versions(context: Context, arg: string): Promise<ExitCode> {
  const { target, path } = await oneFile(context, arg);
  const found = await withStore(context, target, (store) => versionsIn(context, target, store, path));
  if (found.length === 0) throw noVersions(target, path);
  for (const version of found) context.out.record(versionRecord(target.name, version));
  for (const text of versionTable(found)) context.out.result(text);
  context.out.say(`To bring one back: s4 restore ${shellWord(arg)} --version ID`, { tone: 'dim' });
  return EXIT.done;
}

export function versionsIn(
  context: Context,
  target: TargetSettings,
  store: Store,
  path: RelPath,
): Promise<readonly FileVersion[]> {
  const { signal, services } = context;
  const hostOf = hostLookup({ store, runtime: services.runtime }, target.clientId, signal);
  return fileVersions(store, path, { hostOf, signal });
}

export function noVersions({ name, capabilities }: TargetSettings, path: RelPath): S4Error {
  return new S4Error(
    'USAGE',
    capabilities.versioning === 'enabled'
      ? `the store has no version of ${path}`
      : `the store of "${name}" keeps no versions`,
    {
      hint:
        capabilities.versioning === 'enabled'
          ? `Check the spelling. "s4 log ${name}" tells what was there.`
          : `"s4 edit ${name} --enable-versioning" keeps those to come. What s4 replaced here is in "s4 trash".`,
    },
  );
}

export function shellWord(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function versionRecord(
  target: string,
  { path, versionId, latest, modifiedMs, author, state }: FileVersion,
): { readonly kind: 'file-version' } & Record<string, unknown> {
  return {
    kind: 'file-version',
    target,
    path,
    versionId,
    latest,
    modified: new Date(modifiedMs).toISOString(),
    state: state.kind,
    ...(state.kind === 'deleted' ? {} : { sizeBytes: state.sizeBytes, etag: state.etag }),
    ...(state.kind === 'deleted' || state.digest === undefined ? {} : { digest: state.digest }),
    ...(state.kind === 'deleted' || state.executable === undefined ? {} : { executable: state.executable }),
    ...(state.kind === 'deleted' || state.archived === undefined ? {} : { archived: true }),
    ...(author === undefined ? {} : { client: author.client }),
    ...(author?.host === undefined ? {} : { host: author.host }),
  };
}
