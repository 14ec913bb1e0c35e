import { resolve } from 'node:path';
import { dropUndefined, type S3Settings, type TargetSettings } from '../config/schema.ts';
import { type Credentials, parseSecret, type Secret } from '../config/secret.ts';
import { findTarget } from '../config/selection.ts';
import type { ConflictChoice } from '../engine/events.ts';
import { S4Error } from '../lib/errors.ts';
import type { Context } from './context.ts';

/** The flags that `add` and `edit` share. */
export interface TargetFlags {
  readonly name?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly pathStyle?: boolean;
  readonly storageClass?: string;
  readonly sse?: string;
  readonly caFile?: string;
  readonly proxy?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKeyStdin?: boolean;
  readonly copyTargetCredentials?: string;
  readonly conflicts?: ConflictChoice;
  readonly createBucket?: boolean;
  readonly createFolder?: boolean;
  readonly enableVersioning?: boolean;
  readonly yes?: boolean;
}

/** Settings that `s4 edit` can take back, as their flags are called. */
export const UNSETTABLE = [
  'endpoint',
  'region',
  'profile',
  'path-style',
  'storage-class',
  'sse',
  'ca-file',
  'proxy',
  'conflicts',
] as const;
export type Unsettable = (typeof UNSETTABLE)[number];

/** The member of a setting or of the flags that a flag's name stands for. */
export function memberOf(name: Unsettable): Exclude<keyof S3Settings, 'notify'> | 'conflicts' {
  return name.replace(/-[a-z]/g, (dashed) => dashed.slice(1).toUpperCase()) as ReturnType<typeof memberOf>;
}

/** What the flags say about the S3 client; only what was given. */
export function s3Flags(context: Context, flags: TargetFlags): S3Settings {
  const { region, profile, pathStyle, storageClass, sse, proxy } = flags;
  return dropUndefined({
    endpoint: flags.endpoint === undefined ? undefined : checkEndpoint(flags.endpoint),
    region,
    profile,
    pathStyle,
    storageClass,
    sse,
    caFile: flags.caFile === undefined ? undefined : resolve(context.cwd, flags.caFile),
    proxy: proxy === undefined ? undefined : checkProxy(proxy),
  }) as S3Settings;
}

/** @throws S4Error USAGE */
export function checkEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new S4Error('USAGE', `"${text}" is not an endpoint.`, {
      hint: 'Write https://host or http://host:port.',
    });
  if (url.username !== '' || url.password !== '')
    throw new S4Error('USAGE', 'An endpoint must not hold credentials.', { hint: 'Use --access-key-id.' });
  return url.href.replace(/\/$/, '');
}

/** A password in it would be written to the config and to listings. */
function checkProxy(text: string): string {
  if (!URL.canParse(text) || new URL(text).password !== '')
    throw new S4Error('USAGE', '--proxy takes http://host:port without a password.', {
      hint: 'A proxy with a password goes into HTTPS_PROXY.',
    });
  return text;
}

/**
 * Credentials that s4 is to keep, if any were given.
 * @throws S4Error USAGE, TARGET_UNKNOWN
 */
export async function credentialsFrom(
  context: Context,
  flags: TargetFlags,
  targets: readonly TargetSettings[],
): Promise<Credentials | undefined> {
  if (flags.copyTargetCredentials !== undefined) {
    if (flags.accessKeyId !== undefined)
      throw new S4Error('USAGE', '--copy-target-credentials and --access-key-id exclude each other.');
    return copied(findTarget(flags.copyTargetCredentials, targets));
  }
  if (flags.accessKeyId === undefined) {
    if (flags.secretAccessKeyStdin === true)
      throw new S4Error('USAGE', '--secret-access-key-stdin needs --access-key-id.');
    return undefined;
  }
  return { accessKeyId: flags.accessKeyId, secretAccessKey: await readSecret(context, flags) };
}

function copied(target: TargetSettings): Credentials {
  if (target.credentials !== undefined) return target.credentials;
  throw new S4Error('USAGE', `Target "${target.name}" has no stored credentials to copy.`, {
    hint: 'It uses the AWS credential chain, as the new target will.',
  });
}

async function readSecret(context: Context, flags: TargetFlags): Promise<Secret> {
  if (flags.secretAccessKeyStdin === true)
    return kept(context, parseSecret(await context.readStdin()), 'Standard input held no secret.');
  if (context.prompter === undefined) {
    throw new S4Error(
      'PROMPT_NEEDED',
      'The secret access key is needed, and there is no terminal to ask at.',
      {
        hint: 'Give --secret-access-key-stdin, and the secret on standard input.',
        data: { flag: '--secret-access-key-stdin' },
      },
    );
  }
  const answer = await context.prompter.ask('AWS Secret Access Key: ', { secret: true });
  return kept(context, parseSecret(answer), 'No secret was given.');
}

/** Hides a secret from any output from now on. */
export function kept(context: Context, secret: Secret | undefined, otherwise: string): Secret {
  if (secret === undefined) throw new S4Error('USAGE', otherwise);
  context.hide([secret]);
  return secret;
}
