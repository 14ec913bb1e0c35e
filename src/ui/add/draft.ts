/** Which keys open the store. */
export type KeyChoice =
  /** The AWS tools' own way: environment, default profile, the machine's role. */
  | { readonly kind: 'chain' }
  | { readonly kind: 'profile'; readonly name: string }
  /** The stored ones of another target. */
  | { readonly kind: 'target'; readonly name: string }
  | { readonly kind: 'typed' }
  /** While editing: those that the target has. */
  | { readonly kind: 'unchanged' };

/** `folder` is a directory, a NAS or a disk; the others are ids of services. */
export type WhereId = string;

/** All answers so far, as typed. Nothing is lost by going back. */
export interface Draft {
  readonly folder: string;
  readonly createFolder: boolean;
  readonly where: WhereId;
  readonly account: string;
  readonly region: string;
  readonly endpoint: string;
  readonly keys: KeyChoice;
  readonly accessKeyId: string;
  /** Never drawn, never part of a command line. */
  readonly secret: string;
  readonly keep: 'config' | 'profile';
  readonly profileName: string;
  readonly bucket: string;
  readonly createBucket: boolean;
  readonly enableVersioning: boolean;
  readonly prefix: string;
  /** Where `where` is `folder`. */
  readonly storeFolder: string;
  readonly name: string;
  /** Empty: the default, which asks at a terminal and keeps both elsewhere. */
  readonly conflicts: string;
  /** A first `.syncignore`, where neither side has one. */
  readonly starterRules: boolean;
}

export const EMPTY_DRAFT: Draft = {
  folder: '',
  createFolder: false,
  where: 'aws',
  account: '',
  region: '',
  endpoint: '',
  keys: { kind: 'chain' },
  accessKeyId: '',
  secret: '',
  keep: 'config',
  profileName: '',
  bucket: '',
  createBucket: false,
  enableVersioning: false,
  prefix: '',
  storeFolder: '',
  name: '',
  conflicts: '',
  starterRules: false,
};

/** The answers that count: keys that were chosen for a service, before a folder was, open nothing. */
export function counted(draft: Draft): Draft {
  return draft.where === 'folder' ? { ...draft, keys: { kind: 'unchanged' } } : draft;
}

export type StepId =
  | 'folder'
  | 'where'
  | 'account'
  | 'region'
  | 'endpoint'
  | 'keys'
  | 'key-id'
  | 'secret'
  | 'keep'
  | 'profile-name'
  | 'bucket'
  | 'prefix'
  | 'store-folder'
  | 'checks'
  | 'name'
  | 'policy'
  | 'summary';
