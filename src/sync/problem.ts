export type ProblemCode =
  | 'unreadable'
  | 'other-device'
  | 'symlink-loop'
  | 'bad-name'
  | 'bad-key'
  | 'file-and-folder'
  | 'name-twins'
  | 'archived'
  | 'denied'
  | 'too-large'
  | 'listing-lags'
  | 'changed-meanwhile'
  | 'corrupt'
  | 'disk-full'
  | 'blocked-folder'
  | 'name-refused'
  | 'store-error'
  | 'local-error';

/** Trouble with one path. The cycle goes on; the path's base row is kept as it was. */
export interface Problem {
  /** As found; presenters escape control characters. */
  readonly path: string;
  readonly side: 'local' | 'remote';
  readonly code: ProblemCode;
  /** One sentence, without the path. */
  readonly message: string;
  /** What the user can do about it. */
  readonly hint?: string;
}
