/** A service that speaks S3, and what is needed to reach it. */
export interface Provider {
  readonly id: ProviderId;
  readonly name: string;
  /** With `{account}` and `{region}` for what has to be asked; absent: the endpoint itself is asked, or (AWS) needs none. */
  readonly endpoint?: string;
  /** What to ask before there is an endpoint. */
  readonly asks: 'region' | 'account' | 'endpoint' | 'nothing';
  /** To choose from, the usual one first; others may be typed. */
  readonly regions?: readonly string[];
  /** Signed with, where the service has but one. */
  readonly region?: string;
  /** Proposed where the endpoint is asked. */
  readonly example?: string;
  /** Where its keys are made. */
  readonly keys: string;
  /** Known before the probe proves it: what it does otherwise than AWS. Sentences. */
  readonly facts: readonly string[];
}

export type ProviderId =
  | 'aws'
  | 'r2'
  | 'b2'
  | 'wasabi'
  | 'minio'
  | 'seaweedfs'
  | 'ceph'
  | 'digitalocean'
  | 'hetzner'
  | 'gcs'
  | 'other';

const NO_CONDITIONS =
  'It ignores conditions on writes: s4 looks before and after each write instead. Versions are the safety net.';

/**
 * The services by name. All but AWS are addressed with the bucket in the path, which every one of them takes. The
 * facts are from live tests (2026-10) and from runs of the servers that one can run oneself; `s4 add` tries each
 * bucket anyway, and records what it found.
 */
export const PROVIDERS: readonly Provider[] = [
  {
    id: 'aws',
    name: 'Amazon S3',
    asks: 'region',
    regions: ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-southeast-2', 'ap-northeast-1'],
    keys: 'AWS console, IAM, Users, Security credentials',
    facts: ['It honours conditions, and can keep versions.'],
  },
  {
    id: 'r2',
    name: 'Cloudflare R2',
    endpoint: 'https://{account}.r2.cloudflarestorage.com',
    asks: 'account',
    region: 'auto',
    keys: 'Cloudflare dashboard, R2, Manage API tokens',
    facts: [
      'It honours conditions on uploads, not on copies.',
      'It takes one write a second for one and the same file.',
    ],
  },
  {
    id: 'b2',
    name: 'Backblaze B2',
    endpoint: 'https://s3.{region}.backblazeb2.com',
    asks: 'region',
    regions: ['us-west-004', 'us-west-002', 'us-west-001', 'us-east-005', 'eu-central-003'],
    keys: 'Backblaze, Application Keys',
    facts: [
      'It refuses conditions on writes: s4 looks before and after each write instead.',
      'It keeps versions by default; each one is billed until a lifecycle rule removes it.',
    ],
  },
  {
    id: 'wasabi',
    name: 'Wasabi',
    endpoint: 'https://s3.{region}.wasabisys.com',
    asks: 'region',
    regions: ['us-east-1', 'us-east-2', 'us-west-1', 'eu-central-1', 'eu-west-1', 'ap-northeast-1'],
    keys: 'Wasabi console, Access Keys',
    facts: [NO_CONDITIONS, 'What is replaced or deleted is billed for up to 90 days.'],
  },
  {
    id: 'minio',
    name: 'MinIO',
    asks: 'endpoint',
    example: 'http://127.0.0.1:9000',
    keys: 'MinIO console, Access Keys',
    facts: ['Newer ones honour conditions; s4 tries it out.'],
  },
  {
    id: 'seaweedfs',
    name: 'SeaweedFS',
    asks: 'endpoint',
    example: 'http://127.0.0.1:8333',
    keys: 'the identities of its S3 configuration',
    facts: ['It honours conditions, and can keep versions.'],
  },
  {
    id: 'ceph',
    name: 'Ceph Object Gateway',
    asks: 'endpoint',
    example: 'http://127.0.0.1:7480',
    keys: 'radosgw-admin user info',
    facts: ['Many honour conditions only in a bucket without versions; s4 tries it out.'],
  },
  {
    id: 'digitalocean',
    name: 'DigitalOcean Spaces',
    endpoint: 'https://{region}.digitaloceanspaces.com',
    asks: 'region',
    regions: ['nyc3', 'ams3', 'fra1', 'lon1', 'sfo3', 'sgp1', 'syd1', 'tor1', 'blr1'],
    // Its signatures are checked against this one, wherever the bucket is.
    region: 'us-east-1',
    keys: 'DigitalOcean, API, Spaces Keys',
    facts: ['It honours conditions on plain uploads, not on large ones, nor on copies.'],
  },
  {
    id: 'hetzner',
    name: 'Hetzner Object Storage',
    endpoint: 'https://{region}.your-objectstorage.com',
    asks: 'region',
    regions: ['fsn1', 'nbg1', 'hel1'],
    keys: 'Hetzner console, Security, S3 Credentials',
    facts: ['It honours conditions on plain uploads, and none in a bucket with versions.'],
  },
  {
    id: 'gcs',
    name: 'Google Cloud Storage',
    endpoint: 'https://storage.googleapis.com',
    asks: 'nothing',
    region: 'auto',
    keys: 'Cloud Storage, Settings, Interoperability (HMAC keys)',
    facts: [NO_CONDITIONS, 'Large files cannot be copied or renamed inside of it: they are sent again.'],
  },
  {
    id: 'other',
    name: 'Another S3-compatible service',
    asks: 'endpoint',
    example: 'https://s3.example.com',
    keys: 'see its documentation',
    facts: ['s4 tries out what it honours.'],
  },
];
