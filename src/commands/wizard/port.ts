import { setMaxListeners } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { addAwsProfile, awsFiles } from '../../config/aws-profiles.ts';
import type { TargetSettings } from '../../config/schema.ts';
import { type Credentials, parseSecret } from '../../config/secret.ts';
import { defaultTargetName } from '../../config/target-name.ts';
import { parseStoreUrl } from '../../config/url.ts';
import type { StoreCapabilities } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import { addFlags, addressOf, editFlags, keepsInProfile, urlOf } from '../../ui/add/command-line.ts';
import { counted, type Draft } from '../../ui/add/draft.ts';
import type { AddFacts, AddPort, PreviewView, Trouble } from '../../ui/add/facts.ts';
import { absolute, registrationOf } from '../add.ts';
import type { Context } from '../context.ts';
import { change } from '../edit.ts';
import { type Registered, register } from '../register.ts';
import { loadTargets } from '../select.ts';
import type { StoreAccess } from '../services.ts';
import { hasRules } from '../starter-rules.ts';
import { credentialsFrom, kept, s3Flags, type TargetFlags } from '../target-flags.ts';
import { checkStore, failedCheck } from './check-store.ts';
import { faultOf } from './faults.ts';
import { measureFolder } from './measure-folder.ts';
import { previewBeforeAdd } from './preview.ts';
import { troubleOf } from './trouble.ts';

/** What came of it. */
export type WizardResult =
  | { readonly kind: 'added'; readonly registered: Registered }
  | { readonly kind: 'edited'; readonly target: TargetSettings };

export interface WizardPort extends AddPort {
  /** Set once `finish` succeeded. */
  result(): WizardResult | undefined;
  /** What the last preview saw. */
  lastPreview(): PreviewView | undefined;
  /** A starter `.syncignore` was wished for. */
  wantsRules(): boolean;
}

export interface PortOptions {
  readonly facts: AddFacts;
  /** The target that `s4 edit` changes. */
  readonly editing?: TargetSettings;
  /** Flags of the command that nobody is asked about. */
  readonly given: TargetFlags;
}

/** The wizard's hands: everything it asks of disks and stores, by the code that the flags use. */
export function createPort(context: Context, options: PortOptions): WizardPort {
  const { facts, editing } = options;
  let result: WizardResult | undefined;
  let localBytes = 0;
  let proved: StoreCapabilities | undefined;
  let preview: PreviewView | undefined;
  let rules = false;
  let madeProfile: string | undefined;

  const flagsOf = (draft: Draft) => addFlags(draft, facts, port.defaultName(draft));
  const access = (draft: Draft): Promise<StoreAccess> => accessOf(context, options, draft);

  const port: WizardPort = {
    result: () => result,
    lastPreview: () => preview,
    wantsRules: () => rules,
    offersRules: ({ folder }) => !hasRules(absolute(context, folder)),
    folders: (text) => foldersLike(context, text),
    fault: (step, draft) => faultOf(context, facts, step, draft),
    defaultName: ({ folder }) => defaultTargetName(absolute(context, folder === '' ? '.' : folder)),
    look: (draft, tell, signal) =>
      measureFolder(
        absolute(context, draft.folder),
        (look) => {
          localBytes = look.sizeBytes;
          tell(look);
        },
        signal,
      ),
    makeFolder: (draft) =>
      attempt(async () => void mkdirSync(absolute(context, draft.folder), { recursive: true })),
    buckets: async (draft, signal) => {
      unbounded(signal);
      try {
        const { s3, credentials } = await access({ ...draft, bucket: 'none' });
        const keys = credentials === undefined ? {} : { credentials };
        const names = await context.services.listBuckets({ ...(s3 && { s3 }), ...keys }, signal);
        return { kind: 'listed', names };
      } catch (error) {
        return { kind: 'failed', trouble: troubleOf(error) };
      }
    },
    check: async (draft, tell, signal) => {
      const wishes = { create: draft.createBucket, enableVersioning: draft.enableVersioning };
      proved = undefined;
      unbounded(signal);
      const store = await access(draft).catch((error: unknown) => {
        tell(failedCheck('reach', error));
        return undefined;
      });
      if (store !== undefined) proved = await checkStore(context, store, wishes, tell, signal);
    },
    preview: async (draft, signal) => {
      unbounded(signal);
      if (proved === undefined) throw new S4Error('USAGE', 'the store was not checked');
      const request = {
        folder: absolute(context, draft.folder),
        name: draft.name,
        where: draft.where,
        localBytes,
      };
      preview = await previewBeforeAdd(
        context,
        { ...request, access: await access(draft), capabilities: proved },
        signal,
      );
      return preview;
    },
    finish: (answers) =>
      attempt(async () => {
        const draft = counted(answers);
        if (keepsInProfile(draft) && madeProfile !== draft.profileName) {
          addAwsProfile(awsFiles(context.env, facts.home), draft.profileName, typedKeys(context, draft));
          madeProfile = draft.profileName;
        }
        rules = draft.starterRules;
        result =
          editing === undefined
            ? { kind: 'added', registered: await add(context, options, draft, flagsOf(draft)) }
            : { kind: 'edited', target: await edit(context, facts, draft, editing) };
      }),
  };
  return port;
}

async function add(
  context: Context,
  options: PortOptions,
  draft: Draft,
  flags: ReturnType<typeof addFlags>,
): Promise<Registered> {
  const { place } = await accessOf(context, options, draft);
  const reached = {
    folder: absolute(context, draft.folder),
    place,
    s3: place.kind === 's3' ? s3Flags(context, { ...options.given, ...flags }) : {},
    credentials: await keptKeys(context, draft),
  };
  return register(context, registrationOf(reached, flags));
}

async function edit(
  context: Context,
  facts: AddFacts,
  draft: Draft,
  editing: TargetSettings,
): Promise<TargetSettings> {
  const flags = editFlags(draft, facts.before ?? draft, facts);
  return change(context, editing, flags, await keptKeys(context, draft));
}

/** The credentials that go into s4's config. */
async function keptKeys(context: Context, draft: Draft): Promise<Credentials | undefined> {
  if (draft.keys.kind === 'typed') return keepsInProfile(draft) ? undefined : typedKeys(context, draft);
  if (draft.keys.kind !== 'target') return undefined;
  return credentialsFrom(context, { copyTargetCredentials: draft.keys.name }, loadTargets(context));
}

function typedKeys(context: Context, { accessKeyId, secret }: Draft): Credentials {
  return {
    accessKeyId: accessKeyId.trim(),
    secretAccessKey: kept(context, parseSecret(secret), 'No secret was given.'),
  };
}

/** How the store is reached with these answers: a key that is to become a profile is used as it was typed. */
async function accessOf(
  context: Context,
  { facts, editing, given }: PortOptions,
  draft: Draft,
): Promise<StoreAccess> {
  const place = parseStoreUrl(urlOf(draft, facts));
  if (place.kind === 'file') return { place };
  const profile = draft.keys.kind === 'profile' ? { profile: draft.keys.name } : {};
  // What was asked about and left empty is taken back.
  const { region: _region, profile: oldProfile, ...old } = editing?.s3 ?? {};
  const kept =
    draft.keys.kind === 'chain' || oldProfile === undefined ? old : { ...old, profile: oldProfile };
  const s3 = { ...kept, ...s3Flags(context, { ...given, ...addressOf(draft, facts), ...profile }) };
  const credentials =
    draft.keys.kind === 'unchanged'
      ? editing?.credentials
      : draft.keys.kind === 'typed'
        ? typedKeys(context, draft)
        : await keptKeys(context, draft);
  return { place, s3, ...(credentials === undefined ? {} : { credentials }) };
}

/** Folders on this machine that a text may become, each as it would be typed. */
function foldersLike(context: Context, text: string): readonly string[] {
  const slash = text.lastIndexOf('/');
  const above = text.slice(0, slash + 1);
  const start = text.slice(slash + 1);
  try {
    return readdirSync(absolute(context, above === '' ? '.' : above), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name.startsWith(start))
      .filter(({ name }) => start.startsWith('.') || !name.startsWith('.'))
      .map(({ name }) => `${above}${name}/`)
      .toSorted();
  } catch {
    // Not a folder, or not ours to read: nothing to propose.
    return [];
  }
}

/** One listener a request under way: many are no leak. */
function unbounded(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}

async function attempt(work: () => Promise<void>): Promise<Trouble | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return troubleOf(error);
  }
}
