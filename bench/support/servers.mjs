// SeaweedFS and moto on free ports, in folders of their own, for one run.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import process from 'node:process';

const KEY = 's4bench';
const SECRET = 's4bench-secret';

/** Path of a program on PATH, or undefined. */
export function findProgram(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * What every S3 program of a run is given: credentials, a region, and no look at the user's own settings.
 * @param {string} home
 */
export function toolEnvironment(home) {
  return {
    PATH: process.env.PATH,
    HOME: home,
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
    AWS_ACCESS_KEY_ID: KEY,
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/**
 * @typedef {object} Server
 * @property {string} name
 * @property {string} endpoint
 * @property {() => Promise<void>} stop
 */

/**
 * @param {'seaweedfs' | 'moto'} name
 * @param {string} folder where it keeps its data; made here
 * @returns {Promise<Server>}
 */
export function startServer(name, folder) {
  return name === 'moto' ? startMoto(folder) : startSeaweed(folder);
}

async function startSeaweed(folder) {
  await mkdir(folder, { recursive: true });
  const services = ['master', 'volume', 'filer', 's3', 'admin'];
  const ports = await freePorts(services.length * 2);
  const portFlags = services.flatMap((service, i) => [
    `-${service}.port=${ports[i * 2]}`,
    `-${service}.port.grpc=${ports[i * 2 + 1]}`,
  ]);
  const flags = ['-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-webdav=false', '-admin.ui=false'];
  const quiet = ['-master.telemetry=false', '-s3.port.iceberg=0', '-s3.port.lance=0'];
  const child = spawn(needed('weed'), ['mini', `-dir=${folder}`, ...flags, ...quiet, ...portFlags], {
    cwd: folder,
    env: toolEnvironment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // It moves to another port when its own is taken, and prints where it went.
  return serverOf('seaweedfs', child, await printed(child, /S3 Endpoint:\s+(http:\/\/\S+)/, 'weed'));
}

async function startMoto(folder) {
  await mkdir(folder, { recursive: true });
  const [port] = await freePorts(1);
  const child = spawn(needed('moto_server'), ['-H', '127.0.0.1', '-p', String(port)], {
    cwd: folder,
    env: toolEnvironment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return serverOf('moto', child, await printed(child, /Running on (http:\/\/\S+)/, 'moto_server'));
}

function needed(name) {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not on PATH`);
  return path;
}

// A run that is stopped ends by `exit`, and so takes its servers with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

function serverOf(name, child, endpoint) {
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    name,
    endpoint,
    stop: async () => {
      process.off('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      kill();
      await gone;
    },
  };
}

function printed(child, pattern, name) {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk) => {
      output = (output + chunk).slice(-20_000);
      const found = pattern.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}:\n${output}`)));
  });
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
