import type { IncomingHttpHeaders } from 'node:http';
import { S4Error, type S4ErrorCode } from '../../lib/errors.ts';
import { childText, parseXml, XmlError } from './xml.ts';

/*
 * The one place that knows what services and networks call their troubles. Everybody else sees the questions below
 * and S4Error codes.
 */

/** An attempt that failed in a way that another attempt may not. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly refusal: Refusal | undefined;

  constructor(message: string, details: { readonly cause?: unknown; readonly refusal?: Refusal } = {}) {
    super(message, { cause: details.cause });
    this.refusal = details.refusal;
  }
}

/** The service said no. */
export interface Refusal {
  readonly status: number;
  /** Empty for answers without a body. */
  readonly code: string;
  readonly message: string;
  /** For a failed precondition: which. */
  readonly condition: string | undefined;
  readonly region: string | undefined;
  /** The service's clock. */
  readonly dateMs: number | undefined;
  readonly retryAfterMs: number | undefined;
}

/** What the failing request was about. */
export interface Subject {
  readonly operation: string;
  readonly bucket: string;
  /** Absent for requests about the bucket itself. */
  readonly key?: string | undefined;
  readonly nowMs: number;
}

/** Reads a refusal from a status outside of 2xx, or from an `<Error>` that came with 200. */
export function readRefusal(status: number, headers: IncomingHttpHeaders, body: string): Refusal {
  let error: ReturnType<typeof parseXml> | undefined;
  try {
    const root = body.trim() === '' ? undefined : parseXml(body);
    error = root?.name === 'ErrorResponse' ? root.children.find((child) => child.name === 'Error') : root;
  } catch (cause) {
    // A proxy's or load balancer's page: the status alone speaks.
    if (!(cause instanceof XmlError)) throw cause;
  }
  const text = (name: string): string | undefined => error && childText(error, name);
  const dateMs = Date.parse(headers.date ?? '');
  const retryAfterS = Number(headers['retry-after']);
  const region = headers['x-amz-bucket-region'] ?? text('Region');
  return {
    status,
    code: text('Code') ?? '',
    message: text('Message') ?? '',
    condition: text('Condition'),
    region: Array.isArray(region) ? region[0] : region,
    dateMs: Number.isNaN(dateMs) ? undefined : dateMs,
    retryAfterMs: retryAfterS > 0 ? retryAfterS * 1000 : undefined,
  };
}

const RETRIED_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
const RETRIED_CODES: ReadonlySet<string> = new Set([
  'BadDigest', // the body was damaged on its way
  'ExpiredToken', // after the credential chain was asked again
  'ExpiredTokenException',
  'IncompleteBody',
  'InternalError',
  'OperationAborted',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
]);

export function isRetried(refusal: Refusal): boolean {
  return RETRIED_STATUSES.has(refusal.status) || RETRIED_CODES.has(refusal.code);
}

export function isExpired(refusal: Refusal): boolean {
  return refusal.code === 'ExpiredToken' || refusal.code === 'ExpiredTokenException';
}

/** Another write of the same key was under way (409): the condition must be asked again, or the upload started over. */
export function isWriteConflict(refusal: Refusal): boolean {
  return refusal.code === 'ConditionalRequestConflict';
}

export function isPreconditionFailed(refusal: Refusal): boolean {
  return refusal.status === 412;
}

/** The key, version or source is not there; the bucket is. */
export function isAbsent(refusal: Refusal): boolean {
  if (isNoUpload(refusal) || refusal.code === 'NoSuchBucket') return false;
  return refusal.status === 404 || refusal.code === 'NoSuchVersion';
}

/** The service said in words that it is the object that is missing. */
export function namesAbsence(refusal: Refusal): boolean {
  return refusal.code === 'NoSuchKey' || refusal.code === 'NoSuchVersion';
}

export function isNoUpload(refusal: Refusal): boolean {
  return refusal.code === 'NoSuchUpload';
}

export function isArchived(refusal: Refusal): boolean {
  return refusal.code === 'InvalidObjectState';
}

export function isBucketOurs(refusal: Refusal): boolean {
  return refusal.code === 'BucketAlreadyOwnedByYou';
}

export function isBucketTaken(refusal: Refusal): boolean {
  return refusal.code === 'BucketAlreadyExists';
}

export function hasNoLifecycle(refusal: Refusal): boolean {
  return refusal.code === 'NoSuchLifecycleConfiguration';
}

/** The service has no such request, or this identity may not make it. */
export function isUnsupported(refusal: Refusal): boolean {
  if (Object.hasOwn(CREDENTIAL_HINTS, refusal.code)) return false;
  return [400, 403, 405, 501].includes(refusal.status) && !REGION_CODES.has(refusal.code);
}

const FINAL_NETWORK_CODES: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'EPROTO',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const NOBODY_THERE: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EAI_AGAIN', 'ENOTFOUND']);

/** How often a fault is worth trying: certificates do not heal, a missing host seldom does. */
export function attemptsWorth(fault: Fault, most: number): number {
  const code = networkCode(fault.cause);
  if (FINAL_NETWORK_CODES.has(code)) return 1;
  return NOBODY_THERE.has(code) ? Math.min(3, most) : most;
}

function networkCode(cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  // Several addresses were tried: the first says it.
  const first = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
  const code = (first as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

/** For a fault that stayed after all attempts. */
export function faultError(fault: Fault, subject: Subject): S4Error {
  if (fault.refusal !== undefined) return refusalError(fault.refusal, subject, fault);
  if (fault.cause instanceof S4Error) return fault.cause;
  const code = networkCode(fault.cause);
  const detail = fault.cause instanceof Error ? fault.cause.message : fault.message;
  const hint = FINAL_NETWORK_CODES.has(code)
    ? 'if the service has a certificate of its own making, name its file with --ca-file; check http or https'
    : code === 'ENOTFOUND'
      ? 'check the endpoint, and the network'
      : 'check the network, the endpoint and the proxy; then run it again';
  return new S4Error('STORE_UNREACHABLE', `the store cannot be reached: ${detail || code}`, {
    hint,
    cause: fault,
    data: { operation: subject.operation, bucket: subject.bucket, network: code },
  });
}

const SKEW_MS = 15 * 60_000;
const REGION_CODES: ReadonlySet<string> = new Set([
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'IncorrectEndpoint',
  'PermanentRedirect',
  'Redirect',
  'TemporaryRedirect',
]);
const CREDENTIAL_HINTS: Readonly<Record<string, string>> = {
  AccountProblem: 'ask the provider what is wrong with the account',
  AllAccessDisabled: 'ask the provider what is wrong with the account',
  ExpiredToken: 'log in again; the session has expired',
  ExpiredTokenException: 'log in again; the session has expired',
  InvalidAccessKeyId: 'the service does not know this access key',
  InvalidToken: 'the session token is not valid; log in again',
  NotSignedUp: 'the account is not signed up for this service',
  RequestExpired: 'check the clock of this machine',
  SignatureDoesNotMatch: 'the secret key is wrong, or a proxy changes requests',
};
const KEY_CODES: ReadonlySet<string> = new Set([
  'InvalidKey',
  'InvalidObjectName',
  'InvalidURI',
  'KeyTooLong',
  'KeyTooLongError',
  'XMinioInvalidObjectName',
  'XMinioInvalidResourceName',
]);
/** Keys that some service or other takes offence at. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
const ODD_KEY = /[\x00-\x1f\x7f\\]|\/\/|^\/|(?:^|\/)\.{1,2}(?:\/|$)/;
const LONG_SEGMENT = 250;

/** Why the service said no, for callers that have no outcome for it. */
export function refusalError(refusal: Refusal, subject: Subject, cause?: unknown): S4Error {
  const [code, message, hint] = judge(refusal, subject);
  const said = [refusal.code, refusal.message].filter((part) => part !== '').join(': ');
  return new S4Error(code, said === '' ? `${message} (HTTP ${refusal.status})` : `${message} (${said})`, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
    data: {
      operation: subject.operation,
      status: refusal.status,
      bucket: subject.bucket,
      ...(refusal.code === '' ? {} : { code: refusal.code }),
      ...(refusal.region === undefined ? {} : { region: refusal.region }),
      ...(subject.key === undefined ? {} : { key: subject.key }),
    },
  });
}

type Verdict = readonly [code: S4ErrorCode, message: string, hint?: string];

function judge(refusal: Refusal, subject: Subject): Verdict {
  return bucketVerdict(refusal, subject) ?? objectVerdict(refusal, subject);
}

function bucketVerdict(refusal: Refusal, subject: Subject): Verdict | undefined {
  const { status, code, region } = refusal;
  const skewed = refusal.dateMs !== undefined && Math.abs(refusal.dateMs - subject.nowMs) > SKEW_MS;
  if (code === 'RequestTimeTooSkewed' || (skewed && status === 403))
    return ['STORE_CLOCK_SKEW', 'the clock of this machine and the store disagree', 'set the clock'];
  if (code === 'NoSuchBucket')
    return ['STORE_NO_BUCKET', `there is no bucket ${subject.bucket}`, 'check the name, or --create-bucket'];
  if (status === 301 || status === 307 || REGION_CODES.has(code))
    return [
      'STORE_WRONG_REGION',
      `the bucket ${subject.bucket} is in another region`,
      region === undefined ? 'check --region and --endpoint' : `use --region ${region}`,
    ];
  const credentialHint = CREDENTIAL_HINTS[code];
  if (credentialHint !== undefined) return ['STORE_DENIED', 'the store denies access', credentialHint];
  if (subject.key === undefined && (status === 401 || status === 403))
    return ['STORE_DENIED', 'the store denies access to the bucket', 'check the policy of this identity'];
  if (subject.key === undefined && status === 404)
    return ['STORE_NO_BUCKET', `there is no bucket ${subject.bucket}`, 'check the name and the endpoint'];
  if (subject.key === undefined && isRetried(refusal))
    return ['STORE_UNREACHABLE', 'the store does not cope at the moment', 'run it again later'];
  return undefined;
}

function objectVerdict(refusal: Refusal, subject: Subject): Verdict {
  const { status, code } = refusal;
  const key = subject.key ?? '';
  if (code === 'InvalidObjectState')
    return ['OBJECT_ARCHIVED', 'the object is archived', 'restore it in the storage service first'];
  if (status === 401 || status === 403)
    return ['OBJECT_DENIED', 'the store denies access to this object', 'check the policy of this identity'];
  if (code === 'EntityTooLarge' || status === 413)
    return ['OBJECT_TOO_LARGE', 'the store does not take objects of this size'];
  const odd = ODD_KEY.test(key) || key.split('/').some((segment) => segment.length > LONG_SEGMENT);
  // A key that leads nowhere is what a service's router makes of some control characters.
  if (
    KEY_CODES.has(code) ||
    (odd && (status === 400 || status === 404)) ||
    (status === 400 && Buffer.byteLength(key) > 900)
  )
    return ['OBJECT_KEY_REFUSED', 'the store does not take this key', 'rename the file'];
  if (code === 'BadDigest' || code === 'InvalidDigest')
    return [
      'OBJECT_CORRUPT',
      'the bytes were damaged on their way to the store',
      'check the network and memory',
    ];
  if (code === 'QuotaExceeded' || status === 507)
    return ['STORE_FAILED', 'the store is full', 'make room, or raise the quota'];
  return ['STORE_FAILED', `the store refused ${subject.operation}`];
}

/** Credentials could not be had, or a signature could not be made of them. */
export function credentialsError(cause: unknown): S4Error {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new S4Error('STORE_NO_CREDENTIALS', `no credentials for the store: ${detail}`, {
    hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, use --profile, or log in with the AWS command line',
    cause,
  });
}

/** Bucket, region and endpoint make no address together. */
export function configurationError(cause: unknown): S4Error {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new S4Error('CONFIG_INVALID', `the bucket has no address: ${detail}`, {
    hint: 'check the bucket name, --region and --endpoint',
    cause,
  });
}
