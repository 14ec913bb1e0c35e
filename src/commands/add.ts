import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type S3Settings, secretsOf } from '../config/schema.ts';
import { type Credentials, parseSecret } from '../config/secret.ts';
import type { Selection } from '../config/selection.ts';
import { defaultTargetName } from '../config/target-name.ts';
import { parseStoreUrl, type StorePlace } from '../config/url.ts';
import type { Context } from './context.ts';
import { reloadDaemon } from './daemon/reload.ts';
import type { ExitCode } from './exit-codes.ts';
import { previewFirstSync } from './first-sync.ts';
import { capabilityLines } from './promises.ts';
import { isYes, required } from './prompter.ts';
import { type Registered, type Registration, register } from './register.ts';
import { offerStarterRules } from './starter-rules.ts';
import { checkEndpoint, credentialsFrom, kept, s3Flags, type TargetFlags } from './target-flags.ts';
import { offerImport, targetRecord } from './targets.ts';

/** `s4 add`: registers a target and shows what its first sync would do. Transfers nothing. */
export async function add(
  context: Context,
  folderArg: string | undefined,
  urlArg: string | undefined,
  flags: TargetFlags,
): Promise<ExitCode> {
  const { targets } = context.config.read();
  context.hide(secretsOf({ version: 1, targets }));
  const isOpen = (folderArg === undefined || urlArg === undefined) && flags.yes !== true;
  if (isOpen && context.terminal !== undefined) {
    const { addByWizard } = await import('./wizard/run-wizard.ts');
    return addByWizard(context, context.terminal, { folder: folderArg, url: urlArg, flags });
  }
  if (folderArg === undefined && context.prompter !== undefined) {
    offerImport(context, targets);
    context.out.say('To add a new target, please enter the following');
  }
  const wanted = await gather(context, folderArg, urlArg, flags);
  const registered = await register(context, wanted);
  announce(context, registered);
  await offerStarterRules(context, registered.target, flags.yes === true);
  const selection: Selection = { target: registered.target, paths: [] };
  const code = await previewFirstSync(context, selection);
  // Only now: the daemon syncs it at once.
  await reloadDaemon(context);
  return code;
}

export function announce(context: Context, { target, prepared, rejoined }: Registered): void {
  const { out } = context;
  if (prepared.created) out.say(`Created ${target.url}`, { tone: 'create' });
  if (prepared.versioningEnabled) out.say(`Enabled versioning in ${target.url}`, { tone: 'create' });
  out.say(
    rejoined
      ? `Target "${target.name}" was joined again: [${target.folder} <=> ${target.url}]`
      : `Target "${target.name}" has been added: [${target.folder} <=> ${target.url}]`,
    { tone: 'good' },
  );
  if (target.legacy === true)
    out.say(
      'Python S4 kept this folder: its index helps the first sync, and its .index files stay unsynced.',
    );
  out.lines(capabilityLines(target));
  out.record(targetRecord('added', target));
}

async function gather(
  context: Context,
  folderArg: string | undefined,
  urlArg: string | undefined,
  flags: TargetFlags,
): Promise<Registration> {
  const { targets } = context.config.read();
  const folder = absolute(context, folderArg ?? (await askFolder(context)));
  const place = parseStoreUrl(urlArg ?? (await askUrl(context)));
  // With both given, everything else has a default that is the right one for scripts.
  const asks = flags.yes !== true && (folderArg === undefined || urlArg === undefined);
  const s3 = place.kind === 's3' ? await askS3(context, s3Flags(context, flags), asks) : {};
  const given = await credentialsFrom(context, flags, targets);
  const credentials =
    given ??
    (place.kind === 's3' && asks && flags.profile === undefined ? await askCredentials(context) : undefined);
  const name = flags.name ?? (asks ? await askName(context, folder) : undefined);
  const createFolder =
    flags.createFolder === true || (flags.yes !== true && (await confirmFolder(context, folder)));
  const createBucket = flags.createBucket === true || (asks && (await confirmBucket(context, place)));
  const answers = { ...flags, createFolder, createBucket, ...(name === undefined ? {} : { name }) };
  return registrationOf({ folder, place, s3, credentials }, answers);
}

export interface Reached {
  readonly folder: string;
  readonly place: StorePlace;
  readonly s3: S3Settings;
  readonly credentials: Credentials | undefined;
}

/** What to register, from flags that leave nothing open: those of a script, or the answers at a terminal. */
export function registrationOf({ credentials, ...reached }: Reached, flags: TargetFlags): Registration {
  return {
    ...reached,
    name: flags.name ?? defaultTargetName(reached.folder),
    nameIsFixed: flags.name !== undefined,
    ...(credentials === undefined ? {} : { credentials }),
    ...(flags.conflicts === undefined ? {} : { conflicts: flags.conflicts }),
    createFolder: flags.createFolder === true,
    createBucket: flags.createBucket === true,
    enableVersioning: flags.enableVersioning === true,
  };
}

/** A folder as it was typed: `~`, and relative to where s4 was called. */
export function absolute(context: Context, folder: string): string {
  const expanded =
    folder === '~' || folder.startsWith('~/') ? join(context.home || homedir(), folder.slice(1)) : folder;
  return resolve(context.cwd, expanded);
}

async function askFolder(context: Context): Promise<string> {
  const prompter = required(context.prompter, 'The folder', 'FOLDER: s4 add FOLDER URL');
  const answer = await prompter.ask('local folder path to sync [leave blank for current folder]: ');
  return answer === '' ? context.cwd : answer;
}

async function askUrl(context: Context): Promise<string> {
  const prompter = required(context.prompter, 'The URL', 'URL: s4 add FOLDER URL');
  for (;;) {
    const answer = await prompter.ask('URL (s3://bucket/prefix or file:///folder) [required]: ');
    if (answer !== '') return answer;
  }
}

async function askS3(context: Context, flags: S3Settings, asks: boolean): Promise<S3Settings> {
  const { prompter } = context;
  if (!asks || prompter === undefined) return flags;
  const endpoint = flags.endpoint ?? (await prompter.ask('endpoint url [leave blank for AWS]: '));
  const region = flags.region ?? (await prompter.ask('region name [leave blank if unknown]: '));
  return {
    ...flags,
    ...(endpoint === '' ? {} : { endpoint: checkEndpoint(endpoint) }),
    ...(region === '' ? {} : { region }),
  };
}

async function askCredentials(context: Context): Promise<Credentials | undefined> {
  const { prompter } = context;
  if (prompter === undefined) return undefined;
  const accessKeyId = await prompter.ask(
    'AWS Access Key ID [leave blank to use the AWS environment or profile]: ',
  );
  if (accessKeyId === '') return undefined;
  const secret = parseSecret(await prompter.ask('AWS Secret Access Key [required]: ', { secret: true }));
  return { accessKeyId, secretAccessKey: kept(context, secret, 'No secret was given.') };
}

async function askName(context: Context, folder: string): Promise<string | undefined> {
  if (context.prompter === undefined) return undefined;
  const answer = await context.prompter.ask(
    `Provide a name for this entry [leave blank to default to '${defaultTargetName(folder)}']: `,
  );
  return answer === '' ? undefined : answer;
}

/** False also where nobody can be asked: the missing folder is then an error that names the flag. */
async function confirmFolder(context: Context, folder: string): Promise<boolean> {
  if (context.prompter === undefined || existsSync(folder)) return false;
  return isYes(await context.prompter.ask(`${folder} does not exist. Create it? [y/N]: `));
}

async function confirmBucket(context: Context, place: StorePlace): Promise<boolean> {
  if (context.prompter === undefined) return false;
  const what = place.kind === 's3' ? `bucket ${place.bucket}` : `folder ${place.root}`;
  return isYes(await context.prompter.ask(`If the ${what} does not exist, create it? [y/N]: `));
}
