import * as z from 'zod';
import type { StoreCapabilities } from '../engine/ports/store.ts';
import type { Target } from '../engine/target.ts';
import { CONFLICT_POLICIES } from './policies.ts';
import type { Credentials, Secret } from './secret.ts';

export const CONFIG_VERSION = 1;

const capabilities = z.object({
  putIfAbsent: z.boolean(),
  putIfMatch: z.boolean(),
  multipartIfAbsent: z.boolean(),
  multipartIfMatch: z.boolean(),
  copyIfAbsent: z.boolean(),
  copyIfMatch: z.boolean(),
  deleteIfMatch: z.boolean(),
  versioning: z.enum(['enabled', 'suspended', 'off', 'unknown']),
  listAfterWrite: z.boolean(),
  sortedListing: z.boolean(),
});

const credentials = z.object({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1).optional(),
});

const s3Settings = z.object({
  endpoint: z.string().optional(),
  region: z.string().optional(),
  profile: z.string().optional(),
  pathStyle: z.boolean().optional(),
  storageClass: z.string().optional(),
  sse: z.string().optional(),
  caFile: z.string().optional(),
  proxy: z.string().optional(),
});

const target = z.object({
  id: z.string().min(1),
  clientId: z.string().min(1),
  name: z.string().min(1),
  folder: z.string().startsWith('/'),
  url: z.string().min(1),
  conflicts: z.enum(CONFLICT_POLICIES).optional(),
  capabilities,
  s3: s3Settings.optional(),
  credentials: credentials.optional(),
  legacy: z.literal(true).optional(),
});

/** A config of version 1. Unknown members are refused: they would be lost at the next write. */
export const configSchema = z.strictObject({
  version: z.literal(CONFIG_VERSION),
  targets: z.array(z.strictObject(target.shape)),
});

/** How the S3 client is reached; nothing in it is secret. */
export interface S3Settings {
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly pathStyle?: boolean;
  readonly storageClass?: string;
  readonly sse?: string;
  readonly caFile?: string;
  readonly proxy?: string;
}

/** A registered target with what is needed to open it. */
export interface TargetSettings extends Target {
  readonly s3?: S3Settings;
  /** Only where the user gave them to s4; else the AWS credential chain rules. */
  readonly credentials?: Credentials;
  /** Python S4 kept (or keeps) this folder: its `.index` and `.s4lock` at the top are not content. */
  readonly legacy?: true;
}

export interface Config {
  readonly version: typeof CONFIG_VERSION;
  readonly targets: readonly TargetSettings[];
}

type Parsed = z.infer<typeof configSchema>;

export function fromParsed(parsed: Parsed): Config {
  return { version: parsed.version, targets: parsed.targets.map(toSettings) };
}

function toSettings(raw: Parsed['targets'][number]): TargetSettings {
  const { conflicts, s3, credentials: keys, legacy, ...rest } = raw;
  return {
    ...rest,
    capabilities: rest.capabilities satisfies StoreCapabilities,
    ...(conflicts === undefined ? {} : { conflicts }),
    ...(s3 === undefined ? {} : { s3: dropUndefined(s3) as S3Settings }),
    ...(keys === undefined ? {} : { credentials: toCredentials(keys) }),
    ...(legacy === undefined ? {} : { legacy }),
  };
}

function toCredentials(raw: z.infer<typeof credentials>): Credentials {
  return {
    accessKeyId: raw.accessKeyId,
    secretAccessKey: raw.secretAccessKey as Secret,
    ...(raw.sessionToken === undefined ? {} : { sessionToken: raw.sessionToken as Secret }),
  };
}

/** For optional members under exactOptionalPropertyTypes: absent, not undefined. */
export function dropUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** The strings that no output may hold. */
export function secretsOf(config: Config): readonly string[] {
  return config.targets.flatMap(({ credentials: keys }) =>
    keys === undefined
      ? []
      : [keys.secretAccessKey, ...(keys.sessionToken === undefined ? [] : [keys.sessionToken])],
  );
}
