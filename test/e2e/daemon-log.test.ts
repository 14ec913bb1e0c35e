import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const MAX_BYTES = 5 * 1024 * 1024;
const SECRETS = {
  key: 'wJalr/XUtn+FEMI/K7MDENG',
  token: 'FwoGZXIvYXdzEJr+session"token',
  proxy: 'proxy-pass-word',
} as const;

let temp: TempDir;
let server: Server | undefined;
beforeAll(() => {
  const build = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  expect(spawnSync(process.execPath, [build, '--if-missing'], { stdio: 'inherit' }).status).toBe(0);
});
beforeEach(async () => {
  temp = await createTempDir();
  mkdirSync(at('notes'));
  writeFileSync(at('notes/first.txt'), 'first');
  expect(s4('add', at('notes'), `file://${at('store')}`, '--create-bucket', '--yes').status).toBe(0);
});
afterEach(async () => {
  s4('daemon', 'stop');
  server?.close();
  server?.closeAllConnections();
  server = undefined;
  await temp.remove();
});

const at = (path: string) => join(temp.path, path);

function s4(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: temp.path,
    env: {
      PATH: process.env['PATH'],
      HOME: temp.path,
      S4_CONFIG_DIR: at('config'),
      S4_HOST: 'test-host',
      HTTPS_PROXY: `http://ada:${SECRETS.proxy}@127.0.0.1:9`,
      NO_PROXY: '127.0.0.1',
    },
    input: '',
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Looks again and again; the test's own limit ends it. */
async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setTimeout(resolve, 50));
}

/**
 * A service that refuses, and says back what it was told: as careless proxies do. It answers only while this process
 * waits: not to a program that `s4` runs.
 */
async function startTellTale(): Promise<string> {
  const said = `${SECRETS.key} ${SECRETS.token} http://ada:${SECRETS.proxy}@proxy/ ?X-Amz-Signature=${SECRETS.proxy}`;
  server = createServer((_, response) => {
    response.writeHead(400, { 'content-type': 'application/xml' });
    const text = said.replaceAll('&', '&amp;');
    response.end(`<?xml version="1.0"?><Error><Code>InvalidRequest</Code><Message>${text}</Message></Error>`);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function moveToService(endpoint: string): void {
  const path = at('config/config.json');
  const config = JSON.parse(readFileSync(path, 'utf8')) as { targets: Record<string, unknown>[] };
  const [target = {}] = config.targets;
  target['url'] = 's3://bucket/notes';
  target['s3'] = { endpoint, region: 'us-east-1', pathStyle: true };
  target['credentials'] = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: SECRETS.key,
    sessionToken: SECRETS.token,
  };
  writeFileSync(path, JSON.stringify(config));
}

test('a daemon writes no secret into its log, its output or its status, whatever a service says', async () => {
  moveToService(await startTellTale());
  expect(s4('daemon', 'start').status).toBe(0);
  const log = at('config/daemon/daemon.log');
  await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('[redacted]'));
  const told = [
    ...['daemon.log', 'output'].map((name) => readFileSync(at(`config/daemon/${name}`), 'utf8')),
    ...[s4('daemon', 'status'), s4('daemon', 'status', '--json'), s4('daemon', 'logs')].flatMap(
      ({ stdout, stderr }) => [stdout, stderr],
    ),
  ];
  for (const text of told)
    for (const secret of Object.values(SECRETS)) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
    }
}, 120_000);

test('the log of a daemon that runs on is rotated, and four older ones are kept', async () => {
  const dir = at('config/daemon');
  mkdirSync(dir, { mode: 0o700 });
  writeFileSync(join(dir, 'daemon.log'), `${'x'.repeat(MAX_BYTES - 1)}\n`, { mode: 0o600 });
  for (let n = 1; n <= 4; n++) writeFileSync(join(dir, `daemon.log.${n}`), `before ${n}\n`);
  expect(s4('daemon', 'start').status).toBe(0);
  await until(() => existsSync(at('store/first.txt')));
  writeFileSync(at('notes/second.txt'), 'second');
  await until(() => readFileSync(join(dir, 'daemon.log'), 'utf8').includes('second.txt'));
  expect(s4('daemon', 'stop').status).toBe(0);
  const logs = readdirSync(dir).filter((name) => name.startsWith('daemon.log'));
  expect(logs.sort()).toEqual(['daemon.log', ...[1, 2, 3, 4].map((n) => `daemon.log.${n}`)]);
  expect(statSync(join(dir, 'daemon.log.1')).size).toBe(MAX_BYTES);
  expect(readFileSync(join(dir, 'daemon.log.4'), 'utf8')).toBe('before 3\n');
  const lines = readFileSync(join(dir, 'daemon.log'), 'utf8').trimEnd().split('\n');
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('msg');
  expect(statSync(join(dir, 'daemon.log')).mode & 0o777).toBe(0o600);
}, 120_000);
