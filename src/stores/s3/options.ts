import type { Runtime } from '../../engine/ports/runtime.ts';
import type { StoreCapabilities } from '../../engine/ports/store.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** How to reach a service: all that is not about one bucket. */
export interface S3ServiceOptions {
  /** Else the AWS variables and profile, else `us-east-1` (what services beside AWS mostly take). */
  readonly region?: string;
  /** `https://host[:port]` of a service beside AWS. Else `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, else AWS. */
  readonly endpoint?: string;
  /** `host/bucket` rather than `bucket.host`. Default: with an endpoint yes, on AWS no. */
  readonly pathStyle?: boolean;
  /** Else the AWS default chain. */
  readonly credentials?: S3Credentials;
  readonly profile?: string;
  /** PEM file with certificates to trust beside the system's. */
  readonly caFile?: string;
  /** `http://[user:password@]host:port`. Else `HTTPS_PROXY` or `HTTP_PROXY`, by the endpoint's scheme. */
  readonly proxy?: string;
  readonly runtime: Runtime;
}

export interface S3BucketOptions extends S3ServiceOptions {
  readonly bucket: string;
}

export interface S3StoreOptions extends S3BucketOptions {
  /** Without slashes at its ends; `''` is the whole bucket. */
  readonly prefix: string;
  readonly storageClass?: string;
  /** `AES256`, `aws:kms` or `aws:kms:<key id>`. */
  readonly sse?: string;
  /** As proved when the target was added. Without them nothing is trusted and every write is HEAD, then write. */
  readonly capabilities?: StoreCapabilities;
}

/** What an unprobed service is trusted with: nothing. */
export const UNPROVED: StoreCapabilities = {
  putIfAbsent: false,
  putIfMatch: false,
  multipartIfAbsent: false,
  multipartIfMatch: false,
  copyIfAbsent: false,
  copyIfMatch: false,
  deleteIfMatch: false,
  versioning: 'unknown',
  listAfterWrite: false,
  sortedListing: false,
};
