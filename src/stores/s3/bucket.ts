import { createHash } from 'node:crypto';
import type { CallOptions, StoreCapabilities } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import { readVersioning } from './bucket-requests.ts';
import { hasNoLifecycle, isBucketOurs, isBucketTaken, isUnsupported } from './errors.ts';
import type { S3BucketOptions, S3ServiceOptions } from './options.ts';
import { createSession } from './session.ts';
import { createTransport, type S3Request, xmlReply } from './transport.ts';
import { childText, escapeXml, type XmlNode } from './xml.ts';

/** What the lifecycle rules that apply to the whole bucket or to a prefix take care of. */
export interface LifecycleFacts {
  /** `unknown`: the identity may not ask, or the service has no such rules. */
  readonly kind: 'known' | 'unknown';
  readonly rules: readonly LifecycleRule[];
}

export interface LifecycleRule {
  readonly prefix: string;
  /** Old versions go after so many days: otherwise each is billed for ever. */
  readonly noncurrentDays?: number;
  /** Delete markers without versions behind them go. */
  readonly expiresMarkers: boolean;
  /** Unfinished uploads, which are billed and invisible, go after so many days. */
  readonly abortUploadsDays?: number;
}

/** A bucket as a whole: for `s4 add` and `s4 doctor`. All calls throw S4Error STORE_*. */
export interface Bucket {
  /** `denied`: it is there, and not for this identity. */
  exists(options?: CallOptions): Promise<'yes' | 'no' | 'denied'>;
  /** `exists`: it was this account's already. */
  create(options?: CallOptions): Promise<'created' | 'exists'>;
  versioning(options?: CallOptions): Promise<StoreCapabilities['versioning']>;
  /** Resolves when the service says that versions are kept; AWS advises to wait 15 minutes after the first time. */
  enableVersioning(options?: CallOptions): Promise<void>;
  lifecycle(options?: CallOptions): Promise<LifecycleFacts>;
  /** How far this machine's clock is ahead of the service's, to the second; undefined where it names no time. */
  clockAheadMs(options?: CallOptions): Promise<number | undefined>;
  close(): void;
}

const XMLNS = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Sends nothing before the first call. */
export function openBucket(options: S3BucketOptions): Bucket {
  const session = createSession(options);
  const transport = createTransport(session, options.bucket, options.runtime);

  const exists: Bucket['exists'] = async ({ signal } = {}) => {
    const request: S3Request = { operation: 'HeadBucket', method: 'HEAD' };
    const { refusal } = await transport.call(request, { signal });
    if (refusal === undefined) return 'yes';
    if (refusal.status === 404) return 'no';
    const error = transport.refused(request, refusal);
    if (error.code === 'STORE_DENIED') return 'denied';
    throw error;
  };

  return {
    exists,
    create: async ({ signal } = {}) => {
      const region = await session.region();
      // The first region has no name here, and services beside AWS seldom know any.
      const located = region !== 'us-east-1' && (session.onAws || options.region !== undefined);
      const text =
        located && region !== 'auto'
          ? `<CreateBucketConfiguration xmlns="${XMLNS}"><LocationConstraint>${escapeXml(region)}</LocationConstraint></CreateBucketConfiguration>`
          : '';
      const request = withBody({ operation: 'CreateBucket', method: 'PUT' }, text);
      const { refusal } = await transport.call(request, { signal });
      if (refusal === undefined) return 'created';
      if (isBucketOurs(refusal)) return 'exists';
      if (isBucketTaken(refusal)) {
        throw new S4Error('STORE_DENIED', `the bucket name ${options.bucket} belongs to somebody else`, {
          hint: 'choose another name: they are shared by all users of the service',
        });
      }
      throw transport.refused(request, refusal);
    },
    versioning: ({ signal } = {}) => readVersioning(transport, signal),
    enableVersioning: async ({ signal } = {}) => {
      const request = withBody(
        { operation: 'PutBucketVersioning', method: 'PUT', query: { versioning: '' } },
        `<VersioningConfiguration xmlns="${XMLNS}"><Status>Enabled</Status></VersioningConfiguration>`,
      );
      const { refusal } = await transport.call(request, { signal });
      if (refusal !== undefined) throw transport.refused(request, refusal);
      // There are services that answer 200 and do nothing.
      const state = await readVersioning(transport, signal);
      if (state !== 'enabled') {
        throw new S4Error('STORE_FAILED', 'the store says yes to versioning and keeps no versions', {
          hint: 'this service may have no versions; go on without --enable-versioning',
          data: { versioning: state },
        });
      }
    },
    lifecycle: async ({ signal } = {}) => {
      const request: S3Request = {
        operation: 'GetBucketLifecycleConfiguration',
        method: 'GET',
        query: { lifecycle: '' },
      };
      const reply = await transport.call(request, { signal });
      if (reply.refusal === undefined)
        return { kind: 'known', rules: xmlReply(reply).children.flatMap(lifecycleRule) };
      if (hasNoLifecycle(reply.refusal)) return { kind: 'known', rules: [] };
      if (isUnsupported(reply.refusal)) return { kind: 'unknown', rules: [] };
      throw transport.refused(request, reply.refusal);
    },
    clockAheadMs: async ({ signal } = {}) => {
      const request: S3Request = { operation: 'HeadBucket', method: 'HEAD' };
      const { headers } = await transport.call(request, { signal });
      const serviceMs = Date.parse(headers.date ?? '');
      return Number.isNaN(serviceMs) ? undefined : options.runtime.nowMs() - serviceMs;
    },
    close: () => session.close(),
  };
}

/** Names of the buckets that this identity owns, sorted by the service. */
export async function listBuckets(
  options: S3ServiceOptions,
  { signal }: CallOptions = {},
): Promise<readonly string[]> {
  const session = createSession(options);
  try {
    const transport = createTransport(session, '', options.runtime);
    const request: S3Request = { operation: 'ListBuckets', method: 'GET' };
    const reply = await transport.call(request, { signal });
    if (reply.refusal !== undefined) throw transport.refused(request, reply.refusal);
    const buckets = xmlReply(reply).children.find((child) => child.name === 'Buckets');
    return (buckets?.children ?? []).flatMap((bucket) => childText(bucket, 'Name') ?? []);
  } finally {
    session.close();
  }
}

function withBody(request: S3Request, text: string): S3Request {
  if (text === '') return request;
  const bytes = Buffer.from(text);
  const md5 = createHash('md5').update(bytes).digest();
  const headers = { 'content-type': 'application/xml' };
  return { ...request, headers, body: { kind: 'bytes', bytes, md5 } };
}

function lifecycleRule(node: XmlNode): readonly LifecycleRule[] {
  if (node.name !== 'Rule' || childText(node, 'Status') !== 'Enabled') return [];
  const child = (parent: XmlNode | undefined, name: string): XmlNode | undefined =>
    parent?.children.find((each) => each.name === name);
  const filter = child(node, 'Filter');
  const scope = child(filter, 'And') ?? filter;
  // Rules by tag or size do not cover everything.
  if (scope?.children.some((each) => each.name !== 'Prefix') === true) return [];
  const days = (parent: string, name: string): number | undefined => {
    const text = child(child(node, parent), name)?.text;
    return text === undefined ? undefined : Number(text);
  };
  const noncurrentDays = days('NoncurrentVersionExpiration', 'NoncurrentDays');
  const abortUploadsDays = days('AbortIncompleteMultipartUpload', 'DaysAfterInitiation');
  return [
    {
      prefix: (scope && childText(scope, 'Prefix')) ?? childText(node, 'Prefix') ?? '',
      expiresMarkers: child(child(node, 'Expiration'), 'ExpiredObjectDeleteMarker')?.text === 'true',
      ...(noncurrentDays === undefined ? {} : { noncurrentDays }),
      ...(abortUploadsDays === undefined ? {} : { abortUploadsDays }),
    },
  ];
}
