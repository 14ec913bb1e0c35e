import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CycleSummary } from '../../src/engine/events.ts';
import { type S3Server, startMoto, startSeaweed } from '../support/servers.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { createHome, ensureBuilt, type Home, lookAt, type Ran } from '../support/two-homes.ts';

const WRITES = ['PutObject', 'CopyObject', 'DeleteObject', 'DeleteObjects', 'CreateMultipartUpload'];
const FILES = 300;

beforeAll(ensureBuilt);

describe.each([
  { name: 'SeaweedFS', startServer: startSeaweed, checksSignatures: true },
  { name: 'moto', startServer: startMoto, checksSignatures: false },
])('two machines and a bucket with versions on $name', ({ startServer, checksSignatures }) => {
  let server: S3Server;
  let temp: TempDir;
  let laptop: Home;
  let desktop: Home;
  let url: string;
  let buckets = 0;

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    temp = await createTempDir();
    url = `s3://two-machines-${++buckets}/some/folder`;
    laptop = createHome('laptop', temp.path);
    desktop = createHome('desktop', temp.path);
    for (const home of [laptop, desktop]) giveCredentials(home, server.credentials.secretAccessKey);
    mkdirSync(laptop.folder);
  });
  afterEach(() => temp.remove());

  function giveCredentials({ folder }: Home, secret: string): void {
    const aws = join(folder, '../.aws');
    mkdirSync(aws, { recursive: true });
    writeFileSync(
      join(aws, 'credentials'),
      `[default]\naws_access_key_id = ${server.credentials.accessKeyId}\naws_secret_access_key = ${secret}\n`,
    );
  }

  async function suspendVersioning(): Promise<void> {
    const client = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: server.credentials,
    });
    const Bucket = new URL(url).host;
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
    );
    client.destroy();
  }

  async function add(home: Home, ...flags: readonly string[]): Promise<Ran> {
    return home.s4([
      ...['add', home.folder, url, '--endpoint', server.endpoint, '--region', 'us-east-1'],
      ...['--create-folder', '--yes', ...flags],
    ]);
  }

  /** The laptop's files are on both machines. */
  async function joinBoth(): Promise<void> {
    succeeded(await add(laptop, '--create-bucket', '--enable-versioning'));
    await sync(laptop);
    succeeded(await add(desktop));
    await sync(desktop);
  }

  async function expectInSync(): Promise<void> {
    expect(lookAt(desktop.folder)).toEqual(lookAt(laptop.folder));
    for (const home of [laptop, desktop]) {
      const { requests } = await sync(home);
      expect(Object.keys(requests).filter((kind) => WRITES.includes(kind))).toEqual([]);
    }
  }

  test('hold the same after edits on both sides, and then write nothing', async () => {
    for (let i = 0; i < FILES; i++) laptop.write(`folder ${i % 7}/Datei ü ${i}.txt`, `file ${i}\n`);
    laptop.write('odd/100% & more; "quoted" + \'$HOME\'.txt', 'odd\n');
    laptop.write('odd/日本語 🎉.txt', 'hello\n');
    laptop.write('run.sh', '#!/bin/sh\n');
    chmodSync(join(laptop.folder, 'run.sh'), 0o755);
    symlinkSync('odd', join(laptop.folder, 'link'));
    mkdirSync(join(laptop.folder, 'empty folder'));
    const before = lookAt(laptop.folder);
    await joinBoth();
    expect(lookAt(laptop.folder)).toEqual(before);
    await expectInSync();

    laptop.write('folder 1/Datei ü 1.txt', 'edited on the laptop\n');
    renameSync(join(laptop.folder, 'folder 2'), join(laptop.folder, 'renamed'));
    // The last file of a folder: what is left of it is an empty folder.
    rmSync(join(laptop.folder, 'odd/日本語 🎉.txt'));
    rmSync(join(laptop.folder, 'odd/100% & more; "quoted" + \'$HOME\'.txt'));
    desktop.write('folder 3/Datei ü 3.txt', 'edited on the desktop\n');
    desktop.write('empty folder/no longer', 'filled\n');
    chmodSync(join(desktop.folder, 'run.sh'), 0o644);
    rmSync(join(desktop.folder, 'link'));
    await sync(laptop);
    await sync(desktop);
    await sync(laptop);
    await expectInSync();
    const now = lookAt(laptop.folder);
    expect(now).toMatchObject({ odd: 'empty folder', 'run.sh': expect.stringMatching(/^file /) });
    expect(now).not.toHaveProperty('link');
    expect(laptop.read('folder 3/Datei ü 3.txt')).toBe('edited on the desktop\n');
    expect(desktop.read('folder 1/Datei ü 1.txt')).toBe('edited on the laptop\n');
    expect(readdirSync(join(desktop.folder, 'renamed'))).toHaveLength(43);
  });

  test('keep both versions of what both edited, and bring deletions to the other side', async () => {
    for (let i = 0; i < 20; i++) laptop.write(`deep/folder ${i % 3}/${i}.txt`, `file ${i}\n`);
    laptop.write('plan.txt', 'Monday\n');
    await joinBoth();
    laptop.write('plan.txt', 'Monday: beach\n');
    desktop.write('plan.txt', 'Monday: mountains\n');
    rmSync(join(laptop.folder, 'deep/folder 0/0.txt'));
    rmSync(join(desktop.folder, 'deep/folder 1/1.txt'));
    await sync(laptop);
    expect(await sync(desktop)).toMatchObject({ keptBoth: 1, deletedLocal: 1, deletedRemote: 1 });
    expect(await sync(laptop)).toMatchObject({ deletedLocal: 1, deletedRemote: 0, uploaded: 0 });
    await expectInSync();
    const names = Object.keys(lookAt(laptop.folder)).filter((name) => name.startsWith('plan'));
    expect(names).toEqual([expect.stringMatching(/^plan \(conflict, desktop, .*\)\.txt$/), 'plan.txt']);
    expect(names.map((name) => laptop.read(name))).toEqual(['Monday: mountains\n', 'Monday: beach\n']);
    expect(Object.keys(lookAt(laptop.folder))).toHaveLength(20);
  });

  test('merge against a version that is kept, and against none where versioning was suspended', async () => {
    const plan = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', ''];
    const [beach, mountains] = [plan.with(0, 'Monday: beach'), plan.with(4, 'Friday: mountains')];
    const bothEdit = async (name: string): Promise<void> => {
      laptop.write(name, beach.join('\n'));
      desktop.write(name, mountains.join('\n'));
      await sync(laptop);
      await sync(desktop, '--conflicts', 'merge');
      await sync(laptop);
    };
    laptop.write('kept/plan.txt', plan.join('\n'));
    await joinBoth();
    await bothEdit('kept/plan.txt');
    expect(desktop.read('kept/plan.txt')).toBe(beach.with(4, 'Friday: mountains').join('\n'));
    await expectInSync();

    // From now on every state of an object is called `null`.
    await suspendVersioning();
    laptop.write('unkept/plan.txt', plan.join('\n'));
    await sync(laptop);
    await sync(desktop);
    await bothEdit('unkept/plan.txt');
    const names = readdirSync(join(desktop.folder, 'unkept'));
    const texts = names.map((name) => desktop.read(`unkept/${name}`)).sort();
    expect(texts).toEqual([mountains.join('\n'), beach.join('\n')]);
    await expectInSync();
  });

  test('put a file where a folder was whose files are deleted', async () => {
    laptop.write('keep', 'keep');
    laptop.write('moved', 'moved here');
    for (const name of ['x', 'y']) laptop.write(`${name}/inside`, 'soon gone');
    await joinBoth();
    for (const name of ['x', 'y']) rmSync(join(laptop.folder, name), { recursive: true });
    await sync(laptop);
    laptop.write('x', 'a file now');
    renameSync(join(laptop.folder, 'moved'), join(laptop.folder, 'y'));
    expect(await sync(laptop)).toMatchObject({ uploaded: 1, renamed: 1 });
    await sync(desktop);
    await expectInSync();
    expect(desktop.read('x')).toBe('a file now');
    expect(desktop.read('y')).toBe('moved here');
  });

  test('resume an upload that was killed in the middle', async () => {
    for (let i = 0; i < 200; i++) laptop.write(`many/${i}`, randomBytes(1000));
    laptop.write('large.bin', randomBytes(20 * 1024 * 1024));
    succeeded(await add(laptop, '--create-bucket', '--enable-versioning'));
    const { child, ended, said } = laptop.start(['sync', '--json', '--limit-up', '4M']);
    await said('"operation-finished"');
    child.kill('SIGKILL');
    const killed = await ended;
    expect(killed.code).toBe('SIGKILL');
    expect(killed.stdout).not.toContain('"cycle-finished"');
    const { uploaded } = await sync(laptop);
    expect(uploaded).toBeGreaterThan(0);
    expect(uploaded).toBeLessThan(201);
    succeeded(await add(desktop));
    await sync(desktop);
    await expectInSync();
    expect(Object.keys(lookAt(desktop.folder))).toHaveLength(201);
  });

  test('exit with 6 where the bucket is missing or the secret is wrong, and change nothing', async () => {
    laptop.write('a.txt', 'a');
    await joinBoth();
    // Gone for this machine: its config names another one.
    const config = join(desktop.folder, '../config/config.json');
    const text = readFileSync(config, 'utf8');
    expect(text).toContain(url);
    writeFileSync(config, text.replaceAll(url, url.replace('two-machines', 'no-such-bucket')));
    const missing = await desktop.s4(['sync']);
    expect(missing).toMatchObject({ code: 6, stderr: expect.stringContaining('no-such-bucket') });
    expect(desktop.read('a.txt')).toBe('a');
    writeFileSync(config, text);
    await expectInSync();
    // moto checks no signature.
    if (!checksSignatures) return;
    laptop.write('b.txt', 'b');
    giveCredentials(laptop, 'not-the-secret');
    const denied = await laptop.s4(['sync']);
    expect(denied.code).toBe(6);
    expect(denied.stdout + denied.stderr).not.toContain('not-the-secret');
    expect(await sync(desktop)).toMatchObject({ downloaded: 0, deletedLocal: 0 });
  });
});

function succeeded(ran: Ran): void {
  expect(ran).toMatchObject({ code: 0, stderr: '' });
}

async function sync(home: Home, ...flags: readonly string[]): Promise<CycleSummary> {
  const ran = await home.s4(['sync', '--json', ...flags]);
  succeeded(ran);
  const last = ran.stdout.trimEnd().split('\n').at(-1) ?? '';
  const event = JSON.parse(last) as { readonly kind: string; readonly summary: CycleSummary };
  expect(event).toMatchObject({ kind: 'cycle-finished', summary: { problems: 0, conflicts: 0 } });
  return event.summary;
}
