import * as z from 'zod';
import type { CycleOptions } from '../../engine/cycle.ts';
import type { TrashRef } from '../../engine/ports/folder.ts';
import type { Wish } from '../../engine/ports/history.ts';
import { parseKey, type RelPath } from '../../sync/path.ts';

/** Said in every line. Another number is another language: nothing of it is acted on. */
export const PROTOCOL = 1;

/** A request names paths, at most: longer ones come from something that is no client. */
export const MAX_REQUEST_BYTES = 8 * 1024 * 1024;
/** A plan of a million operations is one line. */
export const MAX_REPLY_BYTES = 512 * 1024 * 1024;

/** Of a cycle, what can be asked for over the socket. */
export type SyncRequestOptions = Omit<CycleOptions, 'signal' | 'legacyIndex'>;

export type RequestBody =
  | { readonly method: 'status' | 'reload' | 'stop' | 'subscribe' }
  | { readonly method: 'pause' | 'resume'; readonly targets: readonly string[] }
  | { readonly method: 'sync'; readonly target: string; readonly options: SyncRequestOptions };

/** From client to daemon. */
export type ClientMessage =
  | { readonly kind: 'request'; readonly id: number; readonly body: RequestBody }
  | { readonly kind: 'cancel'; readonly id: number };

export interface WireError {
  /** An S4ErrorCode; `BUG` for what is none; `ABORTED` for what was cancelled. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
}

/** From daemon to client. Without `id`: about the connection. */
export type DaemonMessage =
  /** First of all. This form stays the same in every version, so that any `s4` can at least name the process. */
  | { readonly kind: 'hello'; readonly version: string; readonly pid: number }
  | { readonly kind: 'event'; readonly id: number; readonly event: unknown }
  /** The client reads too slowly: so many events were left out. */
  | { readonly kind: 'dropped'; readonly id: number; readonly events: number }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id?: number; readonly error: WireError };

export type Decoded<T> =
  | { readonly kind: 'message'; readonly message: T }
  | { readonly kind: 'other-version'; readonly version: number; readonly id?: number }
  | { readonly kind: 'malformed'; readonly reason: string; readonly id?: number };

export function encode(message: ClientMessage | DaemonMessage): string {
  return `${JSON.stringify({ v: PROTOCOL, ...message })}\n`;
}

const id = z.int().min(1);

const relPath = z.string().transform((raw, context): RelPath => {
  const parsed = parseKey(raw);
  if (parsed.ok && !parsed.folder) return parsed.path;
  context.addIssue({ code: 'custom', message: 'a path that cannot be synced' });
  return z.NEVER;
});

const wish: z.ZodType<Wish> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('version'),
    step: z.strictObject({
      path: relPath,
      versionId: z.string().max(1024),
      modifiedMs: z.number(),
      sizeBytes: z.number().min(0),
      action: z.enum(['create', 'replace', 'same']),
    }),
  }),
  z.strictObject({
    kind: z.literal('trashed'),
    path: relPath,
    // Looked up among what is in the trash, never followed.
    ref: z
      .string()
      .max(8192)
      .transform((ref) => ref as TrashRef),
  }),
  z.strictObject({
    kind: z.literal('copy'),
    path: relPath,
    keep: z.enum(['original', 'copy', 'both']),
    about: z.string().max(1024).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('copy-text'),
    path: relPath,
    text: z.string(),
    about: z.string().max(1024),
  }),
]);

const options = z.strictObject({
  mode: z.enum(['sync', 'preview']),
  paths: z.array(relPath).exactOptional(),
  direction: z.enum(['up', 'down']).exactOptional(),
  conflicts: z.enum(['local', 'remote', 'both', 'newer', 'merge', 'skip']).exactOptional(),
  approve: z.string().max(256).exactOptional(),
  checksum: z.boolean().exactOptional(),
  deleteIgnored: z.boolean().exactOptional(),
  wishes: z.array(wish).max(1_000_000).exactOptional(),
});

const targets = z.array(z.string().min(1).max(256)).max(10_000);

// Strict: an option that this daemon does not know would be left out silently, and change what is synced.
const body: z.ZodType<RequestBody> = z.discriminatedUnion('method', [
  z.strictObject({ method: z.enum(['status', 'reload', 'stop', 'subscribe']) }),
  z.strictObject({ method: z.enum(['pause', 'resume']), targets }),
  z.strictObject({ method: z.literal('sync'), target: z.string().min(1).max(256), options }),
]);

const clientMessage = z.discriminatedUnion('kind', [
  z.strictObject({ v: z.literal(PROTOCOL), kind: z.literal('request'), id, body }),
  z.strictObject({ v: z.literal(PROTOCOL), kind: z.literal('cancel'), id }),
]);

const wireError = z.looseObject({
  code: z.string(),
  message: z.string(),
  hint: z.string().exactOptional(),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
});

const daemonMessage = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('hello'), version: z.string(), pid: z.int() }),
  z.looseObject({ kind: z.literal('event'), id, event: z.unknown() }),
  z.looseObject({ kind: z.literal('dropped'), id, events: z.int() }),
  z.looseObject({ kind: z.literal('result'), id, result: z.unknown() }),
  z.looseObject({ kind: z.literal('error'), id: id.exactOptional(), error: wireError }),
]);

/** A line from a client. Never throws. */
export function decodeClientMessage(line: string): Decoded<ClientMessage> {
  const opened = open(line);
  if (opened.kind !== 'message') return opened;
  const parsed = clientMessage.safeParse(opened.message);
  if (!parsed.success) return malformed(parsed.error, idOf(opened.message));
  const { v: _, ...message } = parsed.data;
  return { kind: 'message', message };
}

/** A line from a daemon. Never throws. A `hello` is read whatever its version: see `DaemonMessage`. */
export function decodeDaemonMessage(line: string): Decoded<DaemonMessage> & { readonly hello?: Hello } {
  const opened = open(line);
  if (opened.kind === 'malformed') return opened;
  const raw = opened.kind === 'message' ? opened.message : opened.raw;
  const parsed = daemonMessage.safeParse(raw);
  if (opened.kind === 'other-version') {
    const { raw: _, ...other } = opened;
    return parsed.data?.kind === 'hello' ? { ...other, hello: helloOf(parsed.data) } : other;
  }
  if (!parsed.success) return malformed(parsed.error, idOf(raw));
  return { kind: 'message', message: parsed.data };
}

export interface Hello {
  readonly version: string;
  readonly pid: number;
}

function helloOf({ version, pid }: Hello): Hello {
  return { version, pid };
}

type Opened =
  | { readonly kind: 'message'; readonly message: object }
  | { readonly kind: 'other-version'; readonly version: number; readonly id?: number; readonly raw: object }
  | { readonly kind: 'malformed'; readonly reason: string };

function open(line: string): Opened {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'malformed', reason: 'no JSON' };
    throw error;
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return { kind: 'malformed', reason: 'no object' };
  const version = (raw as { readonly v?: unknown }).v;
  if (version === PROTOCOL) return { kind: 'message', message: raw };
  if (typeof version !== 'number') return { kind: 'malformed', reason: 'no version' };
  return { kind: 'other-version', version, ...idOf(raw), raw };
}

/** So that an answer can be told apart even where the rest is not understood. */
function idOf(raw: object): { readonly id?: number } {
  const parsed = id.safeParse((raw as { readonly id?: unknown }).id);
  return parsed.success ? { id: parsed.data } : {};
}

function malformed(
  error: z.ZodError,
  about: { readonly id?: number },
): { readonly kind: 'malformed'; readonly reason: string; readonly id?: number } {
  const issue = error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return { kind: 'malformed', reason: `${where}${issue?.message ?? 'unknown form'}`.slice(0, 300), ...about };
}
