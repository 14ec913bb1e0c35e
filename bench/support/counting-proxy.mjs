// A TCP proxy that counts what passes: what a program really sends and receives, headers and all.
import { connect, createServer } from 'node:net';

/** @param {string} endpoint `http://host:port` behind it */
export async function startCountingProxy(endpoint) {
  const { hostname, port } = new URL(endpoint);
  let sentBytes = 0;
  let receivedBytes = 0;
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk) => {
      sentBytes += chunk.length;
    });
    upstream.on('data', (chunk) => {
      receivedBytes += chunk.length;
    });
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    /** What passed since the last call. */
    take: () => {
      const taken = { sentBytes, receivedBytes };
      sentBytes = 0;
      receivedBytes = 0;
      return taken;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
