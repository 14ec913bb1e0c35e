import { homedir } from 'node:os';
import { awsFiles, findAwsProfiles, hasAwsKeys } from '../../config/aws-profiles.ts';
import { PROVIDERS } from '../../config/providers.ts';
import type { TargetSettings } from '../../config/schema.ts';
import { parseStoreUrl } from '../../config/url.ts';
import { type Draft, EMPTY_DRAFT, type KeyChoice } from '../../ui/add/draft.ts';
import type { AddFacts } from '../../ui/add/facts.ts';
import type { Context } from '../context.ts';
import { loadTargets } from '../select.ts';

/** What the wizard knows before it asks; `editing` is the target that `s4 edit` shall change. */
export function gatherFacts(context: Context, editing?: TargetSettings): AddFacts {
  const { env } = context;
  const home = context.home || homedir();
  const files = awsFiles(env, home);
  return {
    mode: editing === undefined ? 'add' : 'edit',
    home,
    cwd: context.cwd,
    providers: PROVIDERS,
    profiles: findAwsProfiles(files),
    environmentKeys: hasAwsKeys(env),
    copyable: loadTargets(context)
      .filter((target) => target.credentials !== undefined && target !== editing)
      .filter(({ name }) => name !== editing?.name)
      .map(({ name }) => name),
    configPath: short(context.config.path, home),
    credentialsPath: short(files.credentials, home),
    extraWords: [],
    ...(editing === undefined ? {} : { before: draftOf(editing) }),
  };
}

/** A target as the answers that would have made it. Beside AWS, its address stands for the service. */
function draftOf(target: TargetSettings): Draft {
  const place = parseStoreUrl(target.url);
  const { s3, credentials } = target;
  const keys: KeyChoice = { kind: 'unchanged' };
  const common = {
    ...EMPTY_DRAFT,
    folder: target.folder,
    name: target.name,
    conflicts: target.conflicts ?? '',
    keys,
    accessKeyId: credentials?.accessKeyId ?? '',
    region: s3?.region ?? '',
    endpoint: s3?.endpoint ?? '',
  };
  return place.kind === 'file'
    ? { ...common, where: 'folder', storeFolder: place.root }
    : {
        ...common,
        where: s3?.endpoint === undefined ? 'aws' : 'other',
        bucket: place.bucket,
        prefix: place.prefix,
      };
}

function short(path: string, home: string): string {
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
