import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { S4Error } from '../../lib/errors.ts';
import type { DaemonControl } from '../contract.ts';
import type { InstanceLock } from '../instance-lock.ts';
import { type DaemonPlaces, ensurePrivateFolder } from '../places.ts';
import type { Hello } from './codec.ts';
import { serveConnection } from './connection.ts';
import { OUTBOX_LIMITS, type OutboxLimits } from './outbox.ts';

export interface ServeOptions {
  readonly places: DaemonPlaces;
  /** Proof that this process is the daemon: only its holder may replace a socket. */
  readonly lock: InstanceLock;
  readonly control: DaemonControl;
  readonly hello: Hello;
  /** A bug that a request met: for the log. */
  readonly onBug?: (error: unknown) => void;
  readonly limits?: OutboxLimits;
  /** Takes secrets out of what is sent. */
  readonly redact: (text: string) => string;
}

export interface DaemonServer {
  /** Takes no more clients, ends what they wait for, removes the socket. */
  close(): Promise<void>;
}

const MAX_CLIENTS = 64;
/** For clients to read what they were told last. */
const FAREWELL_MS = 500;

/**
 * Answers on the daemon's socket. A socket that a dead daemon left is replaced: who holds the lock knows that it is
 * nobody's.
 *
 * @throws S4Error CONFIG_INVALID when the socket's folder is not this user's alone, LOCAL_FAILED when it cannot listen
 */
export async function serveDaemon(options: ServeOptions): Promise<DaemonServer> {
  const { places, control, onBug = () => undefined, limits = OUTBOX_LIMITS } = options;
  ensurePrivateFolder(dirname(places.socket));
  removeStale(places.socket);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const onStop = (): void => {
      control.stop().catch(onBug);
    };
    serveConnection(socket, { control, hello: options.hello, limits, redact: options.redact, onStop, onBug });
  });
  server.maxConnections = MAX_CLIENTS;
  await listen(server, places.socket);
  // Nobody else gets into the folder, whatever the mode was until here.
  chmodSync(places.socket, 0o600);
  return { close: () => close(server, sockets) };
}

function removeStale(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new S4Error('CONFIG_INVALID', `${path} is in the way of the daemon's socket.`, {
      hint: 'It is no socket, so s4 does not remove it: move it away.',
    });
  }
  rmSync(path, { force: true });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The daemon cannot listen on ${path}: ${cause.message}.`;
      reject(new S4Error('LOCAL_FAILED', message, { cause }));
    });
    server.listen(path, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const socket of sockets) socket.end();
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, FAREWELL_MS);
  await closed;
  clearTimeout(timer);
}
