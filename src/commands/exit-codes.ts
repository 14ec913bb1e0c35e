import type { S4ErrorCode } from '../lib/errors.ts';

/** What a process of s4 ends with. The table is part of the contract, see docs/commands.md. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  problems: 3,
  conflicts: 4,
  halted: 5,
  store: 6,
  locked: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Exhaustive: a new error code does not compile without an exit code. */
export const EXIT_OF_ERROR: Readonly<Record<S4ErrorCode, ExitCode>> = {
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  TARGET_UNKNOWN: EXIT.usage,
  TARGET_EXISTS: EXIT.usage,
  FOLDER_MISSING: EXIT.usage,
  FOLDER_NESTED: EXIT.usage,
  MARKER_MISSING: EXIT.usage,
  MARKER_FOREIGN: EXIT.usage,
  PROMPT_NEEDED: EXIT.usage,
  STATE_UNREADABLE: EXIT.usage,
  STATE_TOO_NEW: EXIT.usage,
  STORE_UNREACHABLE: EXIT.store,
  STORE_DENIED: EXIT.store,
  STORE_NO_BUCKET: EXIT.store,
  STORE_NO_CREDENTIALS: EXIT.store,
  STORE_CLOCK_SKEW: EXIT.store,
  STORE_WRONG_REGION: EXIT.store,
  STORE_FOREIGN: EXIT.usage,
  // One object's or one path's trouble that reached the top concerns what was asked for itself.
  OBJECT_DENIED: EXIT.problems,
  OBJECT_ARCHIVED: EXIT.problems,
  OBJECT_KEY_REFUSED: EXIT.problems,
  OBJECT_TOO_LARGE: EXIT.problems,
  OBJECT_CORRUPT: EXIT.problems,
  STORE_FAILED: EXIT.store,
  LOCAL_UNREADABLE: EXIT.problems,
  LOCAL_DISK_FULL: EXIT.problems,
  LOCAL_FAILED: EXIT.problems,
  LOCKED: EXIT.locked,
  DAEMON_ABSENT: EXIT.usage,
  // It died, or speaks another version: what it does to the folder is not known.
  DAEMON_GONE: EXIT.locked,
  DAEMON_PROTOCOL: EXIT.locked,
};

/** Several targets: the first of these that occurs. */
const PRECEDENCE: readonly ExitCode[] = [
  EXIT.bug,
  EXIT.interrupted,
  EXIT.usage,
  EXIT.store,
  EXIT.halted,
  EXIT.locked,
  EXIT.problems,
  EXIT.conflicts,
  EXIT.done,
];

export function worstExit(codes: readonly ExitCode[]): ExitCode {
  return PRECEDENCE.find((code) => codes.includes(code)) ?? EXIT.done;
}
