import process from 'node:process';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { S4Error } from '../../lib/errors.ts';
import { type Agents, createAgents } from './agents.ts';
import { configurationError, credentialsError } from './errors.ts';
import { encodeUri } from './keys.ts';
import type { S3ServiceOptions } from './options.ts';
import { quietS3Client } from './sdk-client.ts';

export interface UnsignedRequest {
  readonly method: string;
  /** Full key in the bucket; absent for requests about the bucket itself. */
  readonly key?: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 in hex, or absent: left to TLS. */
  readonly bodyDigest?: string;
}

export interface SignedRequest {
  readonly origin: URL;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Where requests go and how they are signed. The SDK resolves credentials, profiles, regions and endpoints, and
 * signs; requests are sent by `http.ts`, see the note on integrity and cost in `transport.ts`.
 */
export interface Session {
  readonly agents: Agents;
  region(): Promise<string>;
  /** Whether bodies travel inside TLS. */
  isSecure(): Promise<boolean>;
  /** True when the service is AWS itself. */
  readonly onAws: boolean;
  sign(request: UnsignedRequest): Promise<SignedRequest>;
  /** Asks the credential chain again, after the service called the present ones expired. */
  refreshCredentials(): Promise<void>;
  close(): void;
}

interface Resolved {
  readonly origin: URL;
  /** `/bucket` with path style, else empty. */
  readonly basePath: string;
  readonly region: string;
  readonly signer: {
    sign: (
      request: {
        method: string;
        protocol: string;
        hostname: string;
        path: string;
        query: Record<string, string>;
        headers: Record<string, string>;
      },
      options: { signingDate: Date },
    ) => Promise<{ headers: Record<string, string> }>;
  };
}

const DEFAULT_REGION = 'us-east-1';

export function createSession(options: S3ServiceOptions & { readonly bucket?: string }): Session {
  const agents = createAgents(options, process.env);
  const endpoint =
    options.endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'] ?? '';
  const settings: S3ClientConfig = {
    ...(options.credentials === undefined ? {} : { credentials: { ...options.credentials } }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    // For the credential providers that ask a service (STS, SSO): the same proxy and certificates.
    requestHandler: { httpAgent: agents.http, httpsAgent: agents.https },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
  };
  let client = quietS3Client(
    options.region === undefined ? settings : { ...settings, region: options.region },
  );

  const resolve = async (): Promise<Resolved> => {
    const known = await client.config.region().catch(() => undefined);
    if (known === undefined) {
      // The signer asks its own client for the region, whatever it is told: one without would throw there.
      client.destroy();
      client = quietS3Client({ ...settings, region: DEFAULT_REGION });
    }
    const region = known ?? DEFAULT_REGION;
    const { config } = client;
    const found = endpointOf(config.endpointProvider, region, endpoint, options);
    return {
      origin: new URL(found.origin),
      basePath: found.pathname.replace(/\/$/, ''),
      region,
      signer: await config.signer({
        name: 'sigv4',
        signingName: 's3',
        signingRegion: region,
        properties: {},
      }),
    };
  };
  let resolved: Promise<Resolved> | undefined;
  const resolveOnce = (): Promise<Resolved> => {
    resolved ??= resolve().catch((error: unknown) => {
      resolved = undefined;
      throw error;
    });
    return resolved;
  };

  return {
    agents,
    onAws: endpoint === '',
    region: async () => (await resolveOnce()).region,
    isSecure: async () => (await resolveOnce()).origin.protocol === 'https:',
    sign: async (request) => signWith(await resolveOnce(), request, options.runtime.nowMs()),
    refreshCredentials: async () => {
      await client.config.credentials({ forceRefresh: true }).catch((error: unknown) => {
        throw credentialsError(error);
      });
    },
    close: () => {
      client.destroy();
      agents.destroy();
    },
  };
}

async function signWith(
  { origin, basePath, signer }: Resolved,
  request: UnsignedRequest,
  nowMs: number,
): Promise<SignedRequest> {
  const path = request.key === undefined ? basePath || '/' : `${basePath}/${encodeUri(request.key, true)}`;
  const signed = await signer
    .sign(
      {
        method: request.method,
        protocol: origin.protocol,
        hostname: origin.hostname,
        path,
        query: { ...request.query },
        headers: {
          ...request.headers,
          host: origin.host,
          'x-amz-content-sha256': request.bodyDigest ?? 'UNSIGNED-PAYLOAD',
        },
      },
      { signingDate: new Date(nowMs) },
    )
    .catch((error: unknown) => {
      throw credentialsError(error);
    });
  const query = Object.entries(request.query)
    .map(([name, value]) => `${encodeUri(name)}=${encodeUri(value)}`)
    .join('&');
  return { origin, path: query === '' ? path : `${path}?${query}`, headers: signed.headers };
}

function endpointOf(
  provider: ReturnType<typeof quietS3Client>['config']['endpointProvider'],
  region: string,
  endpoint: string,
  options: { readonly bucket?: string; readonly pathStyle?: boolean },
): URL {
  try {
    const { url, properties } = provider({
      Region: region,
      ...(options.bucket === undefined ? {} : { Bucket: options.bucket }),
      ...(endpoint === '' ? {} : { Endpoint: endpoint }),
      ForcePathStyle: options.pathStyle ?? endpoint !== '',
    });
    const schemes = (properties?.['authSchemes'] ?? []) as readonly { readonly name?: string }[];
    if (schemes[0]?.name !== 'sigv4') throw new Error(`buckets of this kind need ${schemes[0]?.name}`);
    return new URL(url);
  } catch (error) {
    throw error instanceof S4Error ? error : configurationError(error);
  }
}
