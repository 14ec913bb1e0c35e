import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { S4Error } from '../lib/errors.ts';
import type { Credentials } from './secret.ts';

/** A profile of the AWS tools, without what is secret in it. */
export interface AwsProfile {
  readonly name: string;
  /** `keys`: a key lies in the file; the others are asked for elsewhere when they are needed. */
  readonly kind: 'keys' | 'sso' | 'role' | 'process' | 'settings';
  readonly region?: string;
  readonly endpoint?: string;
}

export interface AwsFiles {
  readonly config: string;
  readonly credentials: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Where the AWS tools look. */
export function awsFiles(env: Env, home: string): AwsFiles {
  return {
    config: env['AWS_CONFIG_FILE'] || join(home, '.aws', 'config'),
    credentials: env['AWS_SHARED_CREDENTIALS_FILE'] || join(home, '.aws', 'credentials'),
  };
}

/** Keys in the environment, which rule before any profile. */
export function hasAwsKeys(env: Env): boolean {
  return (env['AWS_ACCESS_KEY_ID'] ?? '') !== '' && (env['AWS_SECRET_ACCESS_KEY'] ?? '') !== '';
}

/** The profiles of both files, sorted, `default` first. A file that cannot be read has none. */
export function findAwsProfiles(files: AwsFiles): readonly AwsProfile[] {
  const members = new Map<string, Set<string>>();
  const open = new Map<string, { region?: string; endpoint?: string }>();
  const take = (text: string, nameOf: (section: string) => string | undefined): void => {
    for (const { section, key, value } of entries(text)) {
      const name = nameOf(section);
      if (name === undefined) continue;
      const keys = members.get(name) ?? new Set();
      members.set(name, keys);
      if (key === undefined) continue;
      keys.add(key);
      if (key === 'region') open.set(name, { ...open.get(name), region: value });
      if (key === 'endpoint_url') open.set(name, { ...open.get(name), endpoint: value });
    }
  };
  take(readText(files.config), (section) =>
    section === 'default' ? section : /^profile\s+(.+)$/.exec(section)?.[1]?.replace(/^(["'])(.*)\1$/, '$2'),
  );
  take(readText(files.credentials), (section) => section);
  return [...members]
    .map(([name, keys]): AwsProfile => ({ name, kind: kindOf(keys), ...open.get(name) }))
    .toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

const NAME = /^[\w.@+-]{1,64}$/;

/** @throws S4Error USAGE for a name that is taken or cannot be one */
export function checkNewProfile(files: AwsFiles, name: string): void {
  if (!NAME.test(name))
    throw new S4Error('USAGE', `"${name}" cannot be the name of an AWS profile.`, {
      hint: 'It may hold letters, digits and . _ - @ +.',
    });
  if (findAwsProfiles(files).some((profile) => profile.name === name))
    throw new S4Error('USAGE', `There is an AWS profile "${name}" already.`, {
      hint: 'Choose another name for the new one, or use that profile.',
    });
}

/**
 * Adds a profile with these keys to the credentials file; what is in the file stays, byte for byte. The file is replaced
 * as a whole, mode 0600: a crash leaves the old or the new one. A file that another program changed in between is read
 * again; a kill in the moment before the new one is in place leaves a temp file beside it, mode 0600.
 *
 * @param atRename - for tests that come between
 * @throws S4Error USAGE as `checkNewProfile`, and for keys that the file's form cannot hold
 */
export function addAwsProfile(
  files: AwsFiles,
  name: string,
  keys: Credentials,
  atRename: () => void = () => {},
): void {
  const { accessKeyId, secretAccessKey } = keys;
  if (![accessKeyId, secretAccessKey].every((text) => /^[\x21-\x7e]+$/.test(text) && !/[#;]/.test(text)))
    throw new S4Error('USAGE', 'This key holds characters that an AWS profile cannot.', {
      hint: "Keep it in s4's own configuration instead.",
    });
  const path = realTarget(files.credentials);
  for (;;) {
    const before = readBytes(path);
    checkNewProfile(files, name);
    const gap = before.length === 0 ? '' : before.at(-1) === 0x0a ? '\n' : '\n\n';
    const text = `${gap}[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    if (replaceUnchanged(path, before, Buffer.concat([before, Buffer.from(text)]), atRename)) return;
  }
}

/** False when the file is another than `before` by the time of the rename. */
function replaceUnchanged(path: string, before: Buffer, after: Buffer, atRename: () => void): boolean {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temp = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = openSync(temp, 'wx', 0o600);
    try {
      writeFileSync(file, after);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    atRename();
    if (!readBytes(path).equals(before)) return false;
    renameSync(temp, path);
    return true;
  } finally {
    rmSync(temp, { force: true });
  }
}

interface Entry {
  readonly section: string;
  /** Undefined for the section itself. */
  readonly key?: string;
  readonly value: string;
}

function* entries(text: string): Generator<Entry> {
  let section: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    // What is indented belongs to the setting above it.
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    const heading = /^\[\s*([^\]]+?)\s*\]/.exec(line);
    if (heading !== null) {
      section = heading[1] ?? '';
      yield { section, value: '' };
      continue;
    }
    const setting = /^([\w.-]+)\s*=\s*(.*?)\s*(?:\s[#;].*)?$/.exec(line);
    if (setting !== null && section !== undefined)
      yield { section, key: (setting[1] ?? '').toLowerCase(), value: setting[2] ?? '' };
  }
}

function kindOf(keys: ReadonlySet<string>): AwsProfile['kind'] {
  if (keys.has('aws_access_key_id')) return 'keys';
  if (keys.has('sso_session') || keys.has('sso_start_url')) return 'sso';
  if (keys.has('role_arn')) return 'role';
  return keys.has('credential_process') ? 'process' : 'settings';
}

function rank({ name }: AwsProfile): number {
  return name === 'default' ? 0 : 1;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Absent, or not ours to read: the AWS tools go on without it too.
    return '';
  }
}

/** Unlike `readText`, a file that is there and cannot be read is an error: it would be replaced. */
function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw new S4Error('USAGE', `${path} cannot be read.`, {
      hint: "Check its permissions, or keep the key in s4's own configuration.",
      cause: error,
    });
  }
}

/** A link to the file stays one. */
function realTarget(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
