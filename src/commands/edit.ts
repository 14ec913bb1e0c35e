import { resolve } from 'node:path';
import { checkOverlap } from '../config/overlap.ts';
import { dropUndefined, type S3Settings, type TargetSettings } from '../config/schema.ts';
import type { Credentials } from '../config/secret.ts';
import { findTarget } from '../config/selection.ts';
import { checkTargetName } from '../config/target-name.ts';
import { parseStoreUrl } from '../config/url.ts';
import type { ObjectKey, StoreCapabilities } from '../engine/ports/store.ts';
import { folderTarget, storeTarget } from '../formats/marker-codec.ts';
import { S4Error } from '../lib/errors.ts';
import type { Context } from './context.ts';
import { reloadDaemon } from './daemon/reload.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { capabilityLines } from './promises.ts';
import { nameTaken, realFolder } from './register.ts';
import { loadTargets } from './select.ts';
import { accessOf } from './services.ts';
import {
  checkEndpoint,
  credentialsFrom,
  memberOf,
  s3Flags,
  type TargetFlags,
  UNSETTABLE,
  type Unsettable,
} from './target-flags.ts';
import { targetRecord } from './targets.ts';

export interface EditFlags extends TargetFlags {
  readonly folder?: string;
  readonly url?: string;
  /** Forget stored credentials: the AWS chain rules again. */
  readonly forgetCredentials?: boolean;
  /** As if it had never been given. An empty value of its flag is the same. */
  readonly unset?: readonly Unsettable[];
}

/**
 * `s4 edit`: changes how a target is reached, its name, its policy or where its folder moved to. What is reached must
 * still be the same target on both sides; nothing is saved otherwise.
 *
 * @throws S4Error TARGET_UNKNOWN, TARGET_EXISTS, MARKER_MISSING, MARKER_FOREIGN, STORE_FOREIGN, STORE_*
 */
export async function edit(context: Context, name: string, given: EditFlags): Promise<ExitCode> {
  const before = findTarget(name, loadTargets(context));
  const isOpen = Object.keys(given).length === 0;
  if (isOpen && context.terminal !== undefined) {
    const { editByWizard } = await import('./wizard/run-wizard.ts');
    return editByWizard(context, context.terminal, before);
  }
  const flags = takenBack(isOpen ? await askFlags(context, before) : given);
  const fresh = await credentialsFrom(context, flags, context.config.read().targets);
  return announceEdited(context, await change(context, before, flags, fresh));
}

/** @throws S4Error USAGE for what is both given and taken back */
function takenBack(given: EditFlags): EditFlags {
  const empty = UNSETTABLE.filter((name) => (given[memberOf(name)] as unknown) === '');
  const unset = new Set([...(given.unset ?? []), ...empty]);
  for (const name of given.unset ?? []) {
    if (given[memberOf(name)] !== undefined)
      throw new S4Error('USAGE', `--${name} and --unset ${name} exclude each other.`);
  }
  const flags = Object.fromEntries(
    Object.entries(given).filter(([member]) => !empty.some((name) => memberOf(name) === member)),
  ) as EditFlags;
  return unset.size === 0 ? flags : { ...flags, unset: [...unset] };
}

/** Changes a registered target, after checks on both sides. @throws as `edit` */
export async function change(
  context: Context,
  before: TargetSettings,
  flags: EditFlags,
  fresh: Credentials | undefined,
): Promise<TargetSettings> {
  const { name } = before;
  let after = edited(context, before, flags, fresh);
  if (after.folder !== before.folder) await checkMovedFolder(context, after);
  if (reachesOtherwise(before, after) || flags.enableVersioning === true)
    after = { ...after, capabilities: await checkStore(context, after, flags) };
  await context.config.update((config) => {
    const current = findTarget(name, config.targets);
    if (after.name !== name && config.targets.some((other) => other.name === after.name))
      throw nameTaken(after.name);
    if (after.folder !== before.folder || after.url !== before.url) {
      const place = parseStoreUrl(after.url);
      checkOverlap({ folder: after.folder, place, endpoint: after.s3?.endpoint }, config.targets, name);
    }
    return { ...config, targets: config.targets.map((other) => (other === current ? after : other)) };
  });
  await reloadDaemon(context);
  return after;
}

export function announceEdited(context: Context, after: TargetSettings): ExitCode {
  context.out.say(`Target "${after.name}" was changed: [${after.folder} <=> ${after.url}]`, { tone: 'good' });
  context.out.lines(capabilityLines(after));
  context.out.record(targetRecord('edited', after));
  return EXIT.done;
}

function edited(
  context: Context,
  before: TargetSettings,
  flags: EditFlags,
  fresh: Credentials | undefined,
): TargetSettings {
  const { s3: oldS3, credentials: oldKeys, conflicts: oldPolicy, ...rest } = before;
  const gone = new Set((flags.unset ?? []).map(memberOf));
  const kept = Object.entries(oldS3 ?? {}).filter(
    ([member]) => !gone.has(member as keyof S3Settings & string),
  );
  const s3 = dropUndefined({ ...Object.fromEntries(kept), ...s3Flags(context, flags) }) as S3Settings;
  const credentials = fresh ?? (flags.forgetCredentials === true ? undefined : oldKeys);
  const conflicts = flags.conflicts ?? (gone.has('conflicts') ? undefined : oldPolicy);
  return {
    ...rest,
    name: flags.name === undefined ? before.name : checkTargetName(flags.name),
    folder:
      flags.folder === undefined ? before.folder : realFolder(resolve(context.cwd, flags.folder), false),
    url: flags.url === undefined ? before.url : parseStoreUrl(flags.url).url,
    ...(Object.keys(s3).length === 0 ? {} : { s3 }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(conflicts === undefined ? {} : { conflicts }),
  };
}

function reachesOtherwise(before: TargetSettings, after: TargetSettings): boolean {
  const of = ({ url, s3, credentials }: TargetSettings): string => JSON.stringify([url, s3, credentials]);
  return of(before) !== of(after);
}

/** The folder is where its marker is. */
async function checkMovedFolder(context: Context, after: TargetSettings): Promise<void> {
  const folder = await context.services.openFolder(after.folder);
  try {
    const bytes = await folder.state.read('target.json');
    if (bytes === undefined) {
      throw new S4Error(
        'MARKER_MISSING',
        `${after.folder} does not hold the moved folder of "${after.name}".`,
        {
          hint: 'Move the folder with its .s4 folder; or remove the target and add it anew.',
        },
      );
    }
    if (folderTarget(bytes) !== after.id) {
      throw new S4Error('MARKER_FOREIGN', `${after.folder} belongs to another target.`, {
        hint: 'Give the folder that was moved.',
      });
    }
  } finally {
    await folder.close();
  }
}

/** The same target must be found there: another bucket under the old name would be synced over. */
async function checkStore(
  context: Context,
  after: TargetSettings,
  flags: EditFlags,
): Promise<StoreCapabilities> {
  const { services, signal } = context;
  const access = accessOf(after, parseStoreUrl(after.url));
  const enableVersioning = flags.enableVersioning === true;
  await services.prepareStore(access, { create: false, enableVersioning }, signal);
  const store = await services.openStore(access);
  try {
    const marker = await store.poll('.s4/target.json' as ObjectKey, undefined, { signal });
    if (marker.kind !== 'changed' || storeTarget(marker.bytes) !== after.id) {
      throw new S4Error('STORE_FOREIGN', `${after.url} does not hold target "${after.name}".`, {
        hint: 'To sync with another place: s4 rm, then s4 add. Nothing was changed.',
      });
    }
    return await store.probe({ signal });
  } finally {
    await store.close();
  }
}

/** Python S4's questions; blank keeps a value, and `-` takes it back where there need not be one. */
async function askFlags(context: Context, before: TargetSettings): Promise<EditFlags> {
  const { prompter } = context;
  if (prompter === undefined) {
    throw new S4Error('PROMPT_NEEDED', 'What to change is needed, and there is no terminal to ask at.', {
      hint: 'Give what to change as flags, see "s4 edit --help".',
      data: { flag: '--name' },
    });
  }
  const ask = async (what: string, now: string | undefined): Promise<string | undefined> => {
    const answer = await prompter.ask(`${what} [${now ?? ''}]: `);
    return answer === '' ? undefined : answer;
  };
  const clear = (answer: string | undefined): string | undefined => (answer === '-' ? '' : answer);
  const folder = await ask('local folder', before.folder);
  const isS3 = before.url.startsWith('s3:');
  const endpoint = isS3 ? clear(await ask('endpoint url (- for none)', before.s3?.endpoint)) : undefined;
  const region = isS3 ? clear(await ask('region name (- for none)', before.s3?.region)) : undefined;
  const accessKeyId = isS3 ? await ask('AWS Access Key ID', before.credentials?.accessKeyId) : undefined;
  const name = await ask('name', before.name);
  return dropUndefined({
    folder,
    endpoint: endpoint === undefined || endpoint === '' ? endpoint : checkEndpoint(endpoint),
    region,
    accessKeyId,
    name,
  }) as EditFlags;
}
