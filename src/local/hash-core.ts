import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { HashOutcome } from '../engine/ports/folder.ts';
import { type Digest, sameFingerprint } from '../sync/entry.ts';
import { type AnchorContext, withParent } from './anchor.ts';
import { look } from './entries.ts';
import { fingerprintFrom, isExecutable } from './fingerprint.ts';
import { type FsClock, isRacy } from './fs-clock.ts';
import { isErrno } from './fs-errors.ts';
import { READ_FLAGS } from './read-no-follow.ts';
import { readLink } from './reading.ts';

export interface HashTask {
  readonly path: string;
  readonly etagPartSizes: readonly number[];
}

export interface HashContext extends AnchorContext {
  readonly clock: FsClock;
}

const CHUNK_BYTES = 1 << 20;
const ATTEMPTS = 3;

/** Everything hashed here is read into this one buffer, in turn. */
export type HashBuffer = Buffer<ArrayBuffer>;

export function createHashBuffer(): HashBuffer {
  return Buffer.allocUnsafeSlow(CHUNK_BYTES);
}

/**
 * Hashes a file or a symlink's text. Yields after each chunk, so that whoever drives it may stop or let others run;
 * only one may be under way on one buffer between two yields.
 *
 * A file that changes while it is read is read again, three times at most.
 */
export function* hashEntry(
  context: HashContext,
  task: HashTask,
  buffer: HashBuffer,
): Generator<void, HashOutcome, void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const opened = openEntry(context, task);
    if (opened.kind === 'outcome') return opened.outcome;
    if (opened.kind === 'file') {
      const outcome = yield* hashOpened(context, task, opened.fd, buffer);
      if (outcome !== undefined) return outcome;
    }
  }
  return { kind: 'unsettled' };
}

type Opened =
  | { readonly kind: 'outcome'; readonly outcome: HashOutcome }
  | { readonly kind: 'file'; readonly fd: number }
  | { readonly kind: 'changed' };

function openEntry(context: HashContext, task: HashTask): Opened {
  const outcome = withParent<Opened>(context, task.path, { create: false }, (parent, name) => {
    const target = parent.at(name);
    try {
      return { kind: 'file', fd: openSync(target, READ_FLAGS) };
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENXIO')) return { kind: 'outcome', outcome: { kind: 'absent' } };
      if (!isErrno(error, 'ELOOP', 'EMLINK')) throw error;
    }
    return hashLink(context, task, target);
  });
  return outcome.kind === 'done' ? outcome.value : { kind: 'outcome', outcome: { kind: 'absent' } };
}

function hashLink({ clock }: HashContext, task: HashTask, target: string): Opened {
  const now = clock.read();
  const before = look(target);
  const text = readLink(target);
  const after = look(target);
  if (before === undefined || after === undefined || text === undefined) return { kind: 'changed' };
  const fingerprint = fingerprintFrom(after);
  if (!sameFingerprint(fingerprintFrom(before), fingerprint)) return { kind: 'changed' };
  const sums = createSums(task.etagPartSizes);
  sums.update(text);
  const racy = isRacy(fingerprint, now);
  return {
    kind: 'outcome',
    outcome: { kind: 'hashed', entry: 'symlink', fingerprint, executable: false, racy, ...sums.finish() },
  };
}

/** Undefined when it changed while it was read. Closes the descriptor, also when it is stopped. */
function* hashOpened(
  { clock, identity }: HashContext,
  task: HashTask,
  fd: number,
  buffer: HashBuffer,
): Generator<void, HashOutcome | undefined, void> {
  try {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile() || before.dev !== identity.dev) return { kind: 'absent' };
    const sums = createSums(task.etagPartSizes);
    let done = 0;
    for (;;) {
      const count = readSync(fd, buffer, 0, buffer.byteLength, done);
      if (count === 0) break;
      sums.update(buffer.subarray(0, count));
      done += count;
      // A short read at the known size is the end: one call less for each small file. Beyond it the file grows, maybe
      // as fast as it is read.
      const isShort = count < buffer.byteLength;
      if (done > before.size || (isShort && BigInt(done) === before.size)) break;
      yield;
    }
    // The clock is read before the fingerprint that it judges.
    const now = clock.read();
    const after = fstatSync(fd, { bigint: true });
    const fingerprint = fingerprintFrom(after);
    if (done !== fingerprint.sizeBytes || !sameFingerprint(fingerprintFrom(before), fingerprint))
      return undefined;
    const executable = isExecutable(Number(after.mode));
    const racy = isRacy(fingerprint, now);
    return { kind: 'hashed', entry: 'file', fingerprint, executable, racy, ...sums.finish() };
  } finally {
    closeSync(fd);
  }
}

interface Sums {
  update(bytes: Uint8Array): void;
  finish(): { readonly digest: Digest; readonly etags: readonly string[] };
}

function createSums(partSizes: readonly number[]): Sums {
  const sha256 = createHash('sha256');
  const etags = partSizes.map((size) => (size === 0 ? createPlainEtag() : createMultipartEtag(size)));
  return {
    update(bytes) {
      sha256.update(bytes);
      for (const etag of etags) etag.update(bytes);
    },
    finish: () => ({
      digest: sha256.digest('hex') as Digest,
      etags: etags.map((etag) => etag.finish()),
    }),
  };
}

interface EtagSum {
  update(bytes: Uint8Array): void;
  /** Without quotes. */
  finish(): string;
}

function createPlainEtag(): EtagSum {
  const md5 = createHash('md5');
  return { update: (bytes) => void md5.update(bytes), finish: () => md5.digest('hex') };
}

/** S3's ETag of a multipart upload: the MD5 of its parts' MD5s, a dash, and their number. */
function createMultipartEtag(partBytes: number): EtagSum {
  const whole = createHash('md5');
  let parts = 0;
  let part: Hash = createHash('md5');
  let inPart = 0;
  const endPart = () => {
    whole.update(part.digest());
    parts++;
    part = createHash('md5');
    inPart = 0;
  };
  return {
    update(bytes) {
      for (let at = 0; at < bytes.byteLength; ) {
        const count = Math.min(bytes.byteLength - at, partBytes - inPart);
        part.update(bytes.subarray(at, at + count));
        at += count;
        inPart += count;
        if (inPart === partBytes) endPart();
      }
    },
    finish() {
      if (inPart > 0 || parts === 0) endPart();
      return `${whole.digest('hex')}-${parts}`;
    },
  };
}
