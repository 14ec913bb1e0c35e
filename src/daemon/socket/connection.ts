import type { Socket } from 'node:net';
import type { SyncEvent } from '../../engine/events.ts';
import { assertNever } from '../../lib/assert-never.ts';
import { isS4Error, S4Error } from '../../lib/errors.ts';
import type { DaemonControl, DaemonEvent } from '../contract.ts';
import {
  decodeClientMessage,
  type Hello,
  MAX_REQUEST_BYTES,
  PROTOCOL,
  type RequestBody,
  type WireError,
} from './codec.ts';
import { createLineSplitter } from './lines.ts';
import { createOutbox, type Outbox, type OutboxLimits } from './outbox.ts';

export interface ConnectionDeps {
  readonly control: DaemonControl;
  readonly hello: Hello;
  readonly limits: OutboxLimits;
  /** Takes secrets out of what is sent: a service may repeat one in its errors, and any program of this user may listen. */
  readonly redact: (text: string) => string;
  /** The daemon is to end. Called after the client was told so. */
  readonly onStop: () => void;
  /** A failure that is a bug: for the log. */
  readonly onBug: (error: unknown) => void;
}

/** Requests of one client at a time. */
const MAX_REQUESTS = 32;

interface Request {
  readonly id: number;
  readonly signal: AbortSignal;
  readonly outbox: Outbox;
  /** Resolves when the client has read what waited for it. */
  readonly drained: () => Promise<void>;
}

/**
 * Serves one client until it leaves. When it leaves in the middle, its requests are aborted; nothing else is touched.
 * What it says is checked line by line: a bad line is answered, a line without end closes the connection.
 */
export function serveConnection(socket: Socket, deps: ConnectionDeps): void {
  const outbox = createOutbox(socket, deps.limits, deps.redact);
  const running = new Map<number, AbortController>();
  const splitter = createLineSplitter(MAX_REQUEST_BYTES);
  const refuse = (code: string, message: string, id?: number): void => {
    outbox.send({ kind: 'error', ...(id === undefined ? {} : { id }), error: { code, message } }, 'must');
  };

  const start = (id: number, body: RequestBody): void => {
    if (running.has(id) || running.size >= MAX_REQUESTS) {
      // Without the id: it would be taken for the answer to the first of that number.
      refuse('DAEMON_PROTOCOL', running.has(id) ? `request ${id} is under way already` : 'too many requests');
      return;
    }
    const abort = new AbortController();
    running.set(id, abort);
    const request = { id, signal: abort.signal, outbox, drained: () => drained(socket, abort.signal) };
    void answer(body, request, deps).finally(() => running.delete(id));
  };

  const receive = (line: string): void => {
    const decoded = decodeClientMessage(line);
    switch (decoded.kind) {
      case 'malformed':
        refuse('DAEMON_PROTOCOL', `not understood: ${decoded.reason}`, decoded.id);
        break;
      case 'other-version':
        refuse('DAEMON_PROTOCOL', otherVersion(deps.hello, decoded.version), decoded.id);
        break;
      case 'message':
        if (decoded.message.kind === 'request') start(decoded.message.id, decoded.message.body);
        else running.get(decoded.message.id)?.abort(new S4Error('DAEMON_GONE', 'cancelled by the client'));
        break;
      default:
        assertNever(decoded);
    }
  };

  socket.on('data', (chunk: Buffer) => {
    const lines = splitter.push(chunk);
    for (const line of lines ?? []) receive(line);
    if (lines !== undefined || !socket.writable) return;
    refuse('DAEMON_PROTOCOL', `a line is longer than ${MAX_REQUEST_BYTES} bytes`);
    socket.destroySoon();
  });
  // A client that is gone is seen as `close`; why it went is its own affair.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    for (const abort of running.values()) abort.abort(new S4Error('DAEMON_GONE', 'the client left'));
  });
  outbox.send({ kind: 'hello', ...deps.hello }, 'must');
}

function otherVersion(hello: Hello, version: number): string {
  return `the daemon (s4 ${hello.version}) speaks protocol ${PROTOCOL}, not ${version}`;
}

/** Carries out a request and answers it, once. Never throws. */
async function answer(body: RequestBody, request: Request, deps: ConnectionDeps): Promise<void> {
  const { id, outbox, signal } = request;
  try {
    const result = await perform(body, request, deps);
    outbox.send({ kind: 'result', id, result: result ?? null }, 'must');
  } catch (error) {
    if (!isS4Error(error) && !signal.aborted) deps.onBug(error);
    outbox.send({ kind: 'error', id, error: wireErrorOf(error, signal) }, 'must');
  }
  if (body.method === 'stop') deps.onStop();
}

async function perform(body: RequestBody, request: Request, { control }: ConnectionDeps): Promise<unknown> {
  switch (body.method) {
    case 'status':
      return control.status();
    case 'reload':
      return control.reload();
    case 'pause':
      return control.pause(body.targets);
    case 'resume':
      return control.resume(body.targets);
    case 'stop':
      return undefined;
    case 'sync':
      return control.sync(body.target, body.options, syncTeller(request), request.signal);
    case 'subscribe':
      return control.subscribe(subscriptionTeller(request, control), request.signal);
    default:
      return assertNever(body);
  }
}

/** Tells who asked for a sync of it: everything, but progress only while there is room. */
function syncTeller({ id, outbox }: Request): (event: SyncEvent) => void {
  let dropped = 0;
  return (event) => {
    const spare = event.kind === 'operation-progress';
    if (outbox.send({ kind: 'event', id, event }, spare ? 'spare' : 'keep')) {
      // Told as soon as there is room again, and with the last event at the latest.
      if (dropped > 0) outbox.send({ kind: 'dropped', id, events: dropped }, 'must');
      dropped = 0;
    } else if (!spare) dropped++;
  };
}

/**
 * Tells a subscriber of all that happens. One that reads too slowly misses events; when it has caught up it is told
 * how many, and the state as it is then.
 */
function subscriptionTeller(request: Request, control: DaemonControl): (event: DaemonEvent) => void {
  const { id, outbox, signal, drained } = request;
  let dropped = 0;
  const catchUp = async (): Promise<void> => {
    await drained();
    if (signal.aborted) return;
    const status = await control.status();
    outbox.send({ kind: 'dropped', id, events: dropped }, 'must');
    dropped = 0;
    outbox.send({ kind: 'event', id, event: { kind: 'status', status } satisfies DaemonEvent }, 'must');
  };
  return (event) => {
    if (signal.aborted) return;
    if (dropped === 0 && outbox.send({ kind: 'event', id, event }, 'spare')) return;
    dropped++;
    // What goes wrong in the daemon itself reaches the subscriber as the end of its subscription.
    if (dropped === 1) catchUp().catch(() => undefined);
  };
}

function drained(socket: Socket, signal: AbortSignal): Promise<void> {
  if (!socket.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    socket.on('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

function wireErrorOf(error: unknown, signal: AbortSignal): WireError {
  if (signal.aborted && error === signal.reason) return { code: 'ABORTED', message: 'aborted' };
  if (isS4Error(error)) {
    const { code, message, hint, data } = error;
    return { code, message, data, ...(hint === undefined ? {} : { hint }) };
  }
  return { code: 'BUG', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}
