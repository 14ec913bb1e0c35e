import { createConnection, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type * as z from 'zod';
import type { SyncEvent } from '../../engine/events.ts';
import { assertNever } from '../../lib/assert-never.ts';
import { S4_ERROR_CODES, S4Error } from '../../lib/errors.ts';
import type { DaemonControl, DaemonEvent } from '../contract.ts';
import { type DaemonPlaces, isPrivateFolder } from '../places.ts';
import {
  type ClientMessage,
  type DaemonMessage,
  decodeDaemonMessage,
  encode,
  type Hello,
  MAX_REPLY_BYTES,
  MAX_REQUEST_BYTES,
  PROTOCOL,
  type RequestBody,
  type WireError,
} from './codec.ts';
import { daemonEventSchema, daemonStatusSchema, syncEventSchema, syncResultSchema } from './event-schema.ts';
import { createLineSplitter } from './lines.ts';

/** The daemon of a configuration, over its socket. Each method also throws S4Error DAEMON_GONE, DAEMON_PROTOCOL. */
export interface DaemonClient extends DaemonControl {
  readonly hello: Hello;
  /** Resolves when the connection has ended, from either side. */
  readonly closed: Promise<void>;
  /** Lets go: what is under way is aborted. */
  close(): void;
}

export interface OpenClientOptions {
  /** Told when this process reads too slowly and events were left out. */
  readonly onDropped?: (events: number) => void;
  /** How long a daemon may take to say hello. */
  readonly helloMs?: number;
}

interface Call {
  readonly onEvent: (event: unknown) => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const HELLO_MS = 5_000;
/** No socket, or one that nobody listens on. */
const NOBODY: readonly string[] = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'];

/**
 * Connects to the daemon of a configuration; undefined when none runs (no socket, or one that a dead daemon left).
 *
 * @throws S4Error CONFIG_INVALID when the socket's folder is not this user's alone; DAEMON_GONE when the daemon does
 *   not say hello; DAEMON_PROTOCOL when it is of a version that this s4 does not speak with: `data` has `pid`, `version`
 */
export async function openDaemonClient(
  { socket: path }: Pick<DaemonPlaces, 'socket'>,
  options: OpenClientOptions = {},
): Promise<DaemonClient | undefined> {
  if (!isPrivateFolder(dirname(path))) return undefined;
  const socket = await connect(path);
  return socket === undefined ? undefined : greet(socket, options);
}

function connect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const message = `The daemon's socket ${path} cannot be reached: ${error.message}.`;
      if (NOBODY.includes(error.code ?? '')) resolve(undefined);
      else reject(new S4Error('DAEMON_GONE', message, { cause: error }));
    });
  });
}

function greet(socket: Socket, { onDropped, helloMs = HELLO_MS }: OpenClientOptions): Promise<DaemonClient> {
  const calls = new Map<number, Call>();
  const splitter = createLineSplitter(MAX_REPLY_BYTES);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(silent(helloMs)), helloMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
      for (const call of calls.values()) call.reject(error);
      calls.clear();
    };
    const receive = (line: string): void => {
      const decoded = decodeDaemonMessage(line);
      if (decoded.kind !== 'message') {
        fail(notUnderstood(decoded));
      } else if (decoded.message.kind !== 'hello') {
        settle(decoded.message, calls, { fail, onDropped });
      } else {
        const { version, pid } = decoded.message;
        clearTimeout(timer);
        resolve(clientOf(socket, { calls, closed, hello: { version, pid } }));
      }
    };
    socket.on('data', (chunk: Buffer) => {
      const lines = splitter.push(chunk);
      for (const line of lines ?? []) receive(line);
      if (lines === undefined) fail(new S4Error('DAEMON_PROTOCOL', 'The daemon sent a line without end.'));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => fail(gone()));
  });
}

function settle(
  message: Exclude<DaemonMessage, { readonly kind: 'hello' }>,
  calls: Map<number, Call>,
  on: { readonly fail: (error: Error) => void; readonly onDropped: OpenClientOptions['onDropped'] },
): void {
  const call = message.id === undefined ? undefined : calls.get(message.id);
  switch (message.kind) {
    case 'event':
      call?.onEvent(message.event);
      break;
    case 'dropped':
      on.onDropped?.(message.events);
      break;
    case 'result':
      calls.delete(message.id);
      call?.resolve(message.result);
      break;
    case 'error':
      if (message.id === undefined) on.fail(errorOf(message.error));
      else {
        calls.delete(message.id);
        call?.reject(errorOf(message.error));
      }
      break;
    default:
      assertNever(message);
  }
}

interface Wire {
  readonly calls: Map<number, Call>;
  readonly closed: Promise<void>;
  readonly hello: Hello;
}

function clientOf(socket: Socket, { calls, closed, hello }: Wire): DaemonClient {
  let lastId = 0;
  const send = (message: ClientMessage): void => {
    const line = encode(message);
    if (Buffer.byteLength(line) > MAX_REQUEST_BYTES) {
      throw new S4Error('USAGE', 'These are too many paths for one request.', {
        hint: 'Name the folder that they are in.',
      });
    }
    socket.write(line);
  };
  const call = async (
    body: RequestBody,
    onEvent: Call['onEvent'] = () => undefined,
    signal?: AbortSignal,
  ): Promise<unknown> => {
    signal?.throwIfAborted();
    if (!socket.writable) throw gone();
    const id = ++lastId;
    const cancel = (): void => send({ kind: 'cancel', id });
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        calls.set(id, { onEvent, resolve, reject });
        send({ kind: 'request', id, body });
      });
    } catch (error) {
      calls.delete(id);
      throw error instanceof Aborted ? (signal?.reason ?? gone()) : error;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };
  return {
    hello,
    closed,
    close: () => socket.destroy(),
    status: async () => read(daemonStatusSchema, await call({ method: 'status' })),
    sync: async (target, options, onEvent, signal) =>
      read(
        syncResultSchema,
        await call({ method: 'sync', target, options }, (raw) => tell(syncEventSchema, raw, onEvent), signal),
      ),
    pause: async (targets) => void (await call({ method: 'pause', targets })),
    resume: async (targets) => void (await call({ method: 'resume', targets })),
    reload: async () => void (await call({ method: 'reload' })),
    stop: async () => void (await call({ method: 'stop' })),
    subscribe: async (onEvent, signal) => {
      try {
        await call({ method: 'subscribe' }, (raw) => tell(daemonEventSchema, raw, onEvent), signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

/** An event that this s4 does not know comes from a newer daemon, and is left out. */
function tell<T extends SyncEvent | DaemonEvent>(
  schema: z.ZodType<T>,
  raw: unknown,
  onEvent: (event: T) => void,
): void {
  const parsed = schema.safeParse(raw);
  if (parsed.success) onEvent(parsed.data);
}

function read<T>(schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new S4Error('DAEMON_PROTOCOL', `The daemon's answer is not understood (${where}).`, {
    hint: 'Restart it: s4 daemon stop, then s4 daemon start.',
  });
}

class Aborted extends Error {}

function errorOf({ code, message, hint, data }: WireError): Error {
  if (code === 'ABORTED') return new Aborted(message);
  const known = S4_ERROR_CODES.find((one) => one === code);
  const details = { ...(hint === undefined ? {} : { hint }), ...(data === undefined ? {} : { data }) };
  return known === undefined ? new Error(`in the daemon: ${message}`) : new S4Error(known, message, details);
}

function gone(): S4Error {
  return new S4Error('DAEMON_GONE', 'The daemon ended before it answered.', {
    hint: 'What it had finished is recorded. See "s4 daemon logs", or try again: without a daemon s4 works by itself.',
  });
}

function silent(helloMs: number): S4Error {
  return new S4Error('DAEMON_GONE', `The daemon did not answer within ${helloMs / 1000} s.`, {
    hint: 'It may be very busy. "s4 daemon stop" ends it.',
  });
}

function notUnderstood(
  decoded: Exclude<ReturnType<typeof decodeDaemonMessage>, { kind: 'message' }>,
): S4Error {
  if (decoded.kind === 'malformed')
    return new S4Error('DAEMON_PROTOCOL', `The daemon is not understood: ${decoded.reason}.`);
  const { hello, version } = decoded;
  const who = hello === undefined ? 'The daemon' : `The daemon (process ${hello.pid}, s4 ${hello.version})`;
  return new S4Error('DAEMON_PROTOCOL', `${who} speaks protocol ${version}; this s4 speaks ${PROTOCOL}.`, {
    hint: 'Restart it with this s4: s4 daemon stop, then s4 daemon start.',
    ...(hello === undefined ? {} : { data: { pid: hello.pid, version: hello.version } }),
  });
}
