import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { S4Error } from '../lib/errors.ts';
import { parseSecret, type Secret } from './secret.ts';

const text = z.string().nullish();

const pythonTarget = z.object({
  local_folder: z.string().min(1),
  s3_uri: z.string().min(1),
  endpoint_url: text,
  region_name: text,
  aws_access_key_id: text,
  aws_secret_access_key: text,
});

const pythonConfig = z.object({ targets: z.record(z.string(), z.unknown()) });

/** A target of Python S4, as far as it can be taken over. */
export interface PythonTarget {
  readonly name: string;
  readonly folder: string;
  readonly url: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: Secret };
}

export interface PythonConfig {
  readonly file: string;
  readonly targets: readonly PythonTarget[];
  /** Names of targets that lack a folder or a URL. */
  readonly unusable: readonly string[];
}

/**
 * Reads Python S4's `sync.conf`; undefined when there is none. The file is never written.
 * @throws S4Error CONFIG_INVALID
 */
export function readPythonConfig(file: string): PythonConfig | undefined {
  let json: string;
  try {
    json = readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw unreadable(file, error);
  }
  return parsePythonConfig(json, file);
}

/** @throws S4Error CONFIG_INVALID */
export function parsePythonConfig(json: string, file: string): PythonConfig {
  let raw: z.infer<typeof pythonConfig>;
  try {
    raw = pythonConfig.parse(JSON.parse(json));
  } catch (error) {
    throw unreadable(file, error);
  }
  const targets: PythonTarget[] = [];
  const unusable: string[] = [];
  for (const [name, value] of Object.entries(raw.targets)) {
    const parsed = pythonTarget.safeParse(value);
    if (parsed.success) targets.push(convert(name, parsed.data));
    else unusable.push(name);
  }
  targets.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { file, targets, unusable: unusable.sort() };
}

function convert(name: string, raw: z.infer<typeof pythonTarget>): PythonTarget {
  const secret = parseSecret(raw.aws_secret_access_key ?? '');
  return {
    name,
    folder: raw.local_folder,
    url: raw.s3_uri,
    ...(raw.endpoint_url ? { endpoint: raw.endpoint_url } : {}),
    ...(raw.region_name ? { region: raw.region_name } : {}),
    ...(raw.aws_access_key_id && secret !== undefined
      ? { credentials: { accessKeyId: raw.aws_access_key_id, secretAccessKey: secret } }
      : {}),
  };
}

function unreadable(file: string, cause: unknown): S4Error {
  return new S4Error('CONFIG_INVALID', `${file} (of Python S4) cannot be read.`, {
    hint: 'Check its permissions, or move it away.',
    cause,
  });
}
