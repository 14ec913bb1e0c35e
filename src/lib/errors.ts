/**
 * Every failure that is not about one path. `code` is the contract; messages are for people.
 * The exit code of each is in `src/commands/exit-codes.ts`.
 */
export const S4_ERROR_CODES = [
  // usage and configuration
  'USAGE',
  'CONFIG_INVALID',
  'TARGET_UNKNOWN',
  'TARGET_EXISTS',
  'FOLDER_MISSING',
  'FOLDER_NESTED',
  'MARKER_MISSING',
  'MARKER_FOREIGN',
  'PROMPT_NEEDED',
  'STATE_UNREADABLE',
  'STATE_TOO_NEW',
  // the store as a whole
  'STORE_UNREACHABLE',
  'STORE_DENIED',
  'STORE_NO_BUCKET',
  'STORE_NO_CREDENTIALS',
  'STORE_CLOCK_SKEW',
  'STORE_WRONG_REGION',
  'STORE_FOREIGN',
  // the store, about one object (a cycle turns these into problems)
  'OBJECT_DENIED',
  'OBJECT_ARCHIVED',
  'OBJECT_KEY_REFUSED',
  'OBJECT_TOO_LARGE',
  'OBJECT_CORRUPT',
  'STORE_FAILED',
  // the folder, about one path (likewise)
  'LOCAL_UNREADABLE',
  'LOCAL_DISK_FULL',
  'LOCAL_FAILED',
  'LOCKED',
  // the daemon
  'DAEMON_ABSENT',
  'DAEMON_GONE',
  'DAEMON_PROTOCOL',
] as const;

export type S4ErrorCode = (typeof S4_ERROR_CODES)[number];

export interface S4ErrorDetails {
  readonly hint?: string;
  readonly cause?: unknown;
  /** Facts for `--json` and `--debug`; never secrets. */
  readonly data?: Readonly<Record<string, string | number | boolean>>;
}

export class S4Error extends Error {
  override readonly name = 'S4Error';
  readonly code: S4ErrorCode;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, string | number | boolean>>;

  constructor(code: S4ErrorCode, message: string, details: S4ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.data = details.data ?? {};
  }
}

export function isS4Error(error: unknown, ...codes: readonly S4ErrorCode[]): error is S4Error {
  return error instanceof S4Error && (codes.length === 0 || codes.includes(error.code));
}
