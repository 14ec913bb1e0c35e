import type { ConflictChoice } from '../../engine/events.ts';
import { cellWidth } from '../text/width.ts';
import type { Draft } from './draft.ts';
import type { AddFacts } from './facts.ts';

/** The answers as the flags of `s4 add` and `s4 edit`. No secret is in them. */
export interface AnswerFlags {
  readonly name?: string;
  readonly folder?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKeyStdin?: true;
  readonly copyTargetCredentials?: string;
  readonly forgetCredentials?: true;
  readonly unset?: readonly ('region' | 'profile' | 'conflicts')[];
  readonly conflicts?: ConflictChoice;
  readonly createFolder?: true;
  readonly createBucket?: true;
  readonly enableVersioning?: true;
}

/** The service's address and region, by what was answered. */
export function addressOf(
  draft: Draft,
  facts: Pick<AddFacts, 'providers'>,
): { readonly endpoint?: string; readonly region?: string } {
  const provider = facts.providers.find(({ id }) => id === draft.where);
  if (provider === undefined) return {};
  const endpoint = (provider.endpoint ?? draft.endpoint)
    .replace('{account}', draft.account)
    .replace('{region}', draft.region);
  const region = provider.region ?? draft.region;
  return {
    ...(endpoint === '' ? {} : { endpoint }),
    ...(region === '' ? {} : { region }),
  };
}

/** Where the objects lie, as `s4 add` takes it. */
export function urlOf(draft: Draft, facts: Pick<AddFacts, 'home' | 'cwd'>): string {
  if (draft.where === 'folder') return `file://${absolutePath(draft.storeFolder, facts)}`;
  const prefix = draft.prefix.replace(/^\/+|\/+$/g, '');
  return prefix === '' ? `s3://${draft.bucket}` : `s3://${draft.bucket}/${prefix}`;
}

/** `~` and relative paths as a shell has them. */
function absolutePath(text: string, { home, cwd }: Pick<AddFacts, 'home' | 'cwd'>): string {
  if (text === '~' || text.startsWith('~/')) return trimmed(home + text.slice(1));
  return trimmed(text.startsWith('/') ? text : `${cwd.replace(/\/$/, '')}/${text}`);
}

function trimmed(path: string): string {
  return path.replace(/(.)\/+$/, '$1');
}

/** The flags of `s4 add`. @param defaultName - left out when it is the name */
export function addFlags(draft: Draft, facts: AddFacts, defaultName: string): AnswerFlags {
  const isS3 = draft.where !== 'folder';
  return {
    ...(isS3 ? addressOf(draft, facts) : {}),
    ...(isS3 ? keyFlags(draft) : {}),
    ...(draft.name === '' || draft.name === defaultName ? {} : { name: draft.name }),
    ...policyFlag(draft),
    ...(draft.createFolder ? { createFolder: true } : {}),
    ...(draft.createBucket ? { createBucket: true } : {}),
    ...(draft.enableVersioning ? { enableVersioning: true } : {}),
  };
}

/** The flags of `s4 edit`: only what differs from before. */
export function editFlags(draft: Draft, before: Draft, facts: AddFacts): AnswerFlags {
  const now = addressOf(draft, facts);
  const then = addressOf(before, facts);
  const policy = policyFlag(draft);
  const unset = [
    ...(now.region === undefined && then.region !== undefined ? (['region'] as const) : []),
    // What the AWS tools find: a profile that was set would come first.
    ...(draft.keys.kind === 'chain' ? (['profile'] as const) : []),
    ...(draft.conflicts === '' && before.conflicts !== '' ? (['conflicts'] as const) : []),
  ];
  return {
    ...(absolutePath(draft.folder, facts) === absolutePath(before.folder, facts)
      ? {}
      : { folder: draft.folder }),
    ...(now.endpoint === undefined || now.endpoint === then.endpoint ? {} : { endpoint: now.endpoint }),
    ...(now.region === undefined || now.region === then.region ? {} : { region: now.region }),
    ...(draft.keys.kind === 'unchanged' ? {} : keyFlags(draft)),
    ...(draft.keys.kind === 'chain' ? { forgetCredentials: true } : {}),
    ...(draft.keys.kind === 'profile' || keepsInProfile(draft) ? { forgetCredentials: true } : {}),
    ...(draft.name === before.name || draft.name === '' ? {} : { name: draft.name }),
    ...(draft.conflicts === before.conflicts ? {} : policy),
    ...(draft.enableVersioning ? { enableVersioning: true } : {}),
    ...(unset.length === 0 ? {} : { unset }),
  };
}

export function keepsInProfile({ keys, keep }: Draft): boolean {
  return keys.kind === 'typed' && keep === 'profile';
}

function keyFlags(draft: Draft): AnswerFlags {
  switch (draft.keys.kind) {
    case 'chain':
    case 'unchanged':
      return {};
    case 'profile':
      return { profile: draft.keys.name };
    case 'target':
      return { copyTargetCredentials: draft.keys.name };
    case 'typed':
      return keepsInProfile(draft)
        ? { profile: draft.profileName }
        : { accessKeyId: draft.accessKeyId, secretAccessKeyStdin: true };
  }
}

function policyFlag({ conflicts }: Draft): Pick<AnswerFlags, 'conflicts'> {
  return conflicts === '' ? {} : { conflicts: conflicts as ConflictChoice };
}

/** The words of the command that does the same again: each is one argument, quoted for a shell. */
export function commandWords(
  words: readonly string[],
  flags: AnswerFlags,
  end: readonly string[],
): readonly string[] {
  const options = Object.entries(flags).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === true) return [flag];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.map((each) => `${flag} ${quoted(String(each))}`);
  });
  const stdin = flags.secretAccessKeyStdin === true ? ['< SECRET-FILE'] : [];
  return [...words.slice(0, 2), ...words.slice(2).map(quoted), ...options, ...end, ...stdin];
}

/** The same over several lines, each but the last ending as a shell goes on: a flag stays with its value. */
export function commandLines(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (line !== '' && cellWidth(joined) > width - GOES_ON.length) {
      lines.push(line + GOES_ON);
      line = `  ${word}`;
    } else line = joined;
  }
  return [...lines, line];
}

const GOES_ON = ' \\';

function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // A shell replaces only a bare tilde.
  const [, home = '', rest = word] = /^(~\/)(.*)$/.exec(word) ?? [];
  if (/^[\w@%+=:,./-]+$/.test(rest)) return home + rest;
  return `${home}'${rest.replaceAll("'", "'\\''")}'`;
}
