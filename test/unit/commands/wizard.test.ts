import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main, type Process } from '../../../src/commands/main.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { type Bench, createBench, quietCycle } from '../../support/cli.ts';
import { createFakeTerminal, type FakeTerminal } from '../../support/fake-terminal.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

const SECRET = 'topsecret-key-1234';

let temp: TempDir;
let bench: Bench;
let terminal: FakeTerminal;
let folder: string;
beforeEach(async () => {
  temp = await createTempDir();
  bench = createBench(temp.path);
  bench.examined = { versioning: 'enabled', clockAheadMs: 0, lifecycle: { kind: 'known', rules: [] } };
  bench.buckets = ['alpha', 'bucket'];
  folder = bench.folder('notes');
  terminal = createFakeTerminal({ columns: 100, rows: 40 });
});
afterEach(() => temp.remove());

function start(args: readonly string[], changes: Partial<Process> = {}): Promise<number> {
  return main(args, { ...bench.process(), terminal: terminal.host, ...changes });
}

/** Waits for a text, then types and presses Enter. */
async function answer(shows: string, text = '', ...keys: readonly string[]): Promise<void> {
  await terminal.shows(shows);
  if (text !== '') terminal.type(text);
  terminal.press(...keys, 'enter');
}

const targets = () =>
  JSON.parse(readFileSync(join(bench.configDir, 'config.json'), 'utf8')).targets as readonly Record<
    string,
    unknown
  >[];
const said = () => bench.stdout.join('') + bench.stderr.join('');

async function upToKeys(): Promise<void> {
  await answer('Which folder shall', folder);
  await answer('Where shall the copy', '', 'down', 'down', 'down', 'down', 'down');
  await answer('At which address', 'http://127.0.0.1:9000');
}

async function typeKey(): Promise<void> {
  await answer('Which keys');
  await answer('The access key id', 'AKIDTYPED');
  await answer('The secret key', SECRET);
}

async function fromBucketOn(): Promise<void> {
  await answer('2 buckets:', 'bucket');
  await answer('Which folder in bucket');
  await answer('Go on');
  await answer('How shall it be called');
  await answer('changed on both sides');
}

describe('s4 add at a terminal', () => {
  test('registers what was answered, as the flags would, and writes nothing to the store before', async () => {
    bench.engine = ({ deps, options }) =>
      quietCycle(deps, options, [
        {
          kind: 'planned',
          target: 'notes',
          planId: 'p',
          operations: [{ kind: 'create', direction: 'up', path: 'a' }],
          conflicts: [],
          bytesUp: 2048,
          bytesDown: 0,
        },
      ]);
    const exit = start(['add']);
    await upToKeys();
    await typeKey();
    await answer('Where shall the key');
    await fromBucketOn();
    await terminal.shows('1 up (2.0 KiB up)');
    expect(bench.server('s3://bucket/notes').keys()).toEqual([]);
    expect(bench.calls.map(({ options }) => options.mode)).toEqual(['preview']);
    terminal.press('enter');
    expect(await exit).toBe(0);
    expect(targets()).toMatchObject([
      {
        name: 'notes',
        folder,
        url: 's3://bucket/notes',
        s3: { endpoint: 'http://127.0.0.1:9000' },
        credentials: { accessKeyId: 'AKIDTYPED', secretAccessKey: SECRET },
      },
    ]);
    expect(bench.server('s3://bucket/notes').keys()).toEqual(['.s4/target.json']);
    expect(said()).toContain('Target "notes" has been added');
    expect(said()).toContain('The first sync would do: 1 up (2.0 KiB up)');
    expect(said() + terminal.written()).not.toContain(SECRET);
  });

  test('keeps a typed key in a new AWS profile, only there, and only when it is added', async () => {
    mkdirSync(join(bench.root, '.aws'));
    const file = join(bench.root, '.aws', 'credentials');
    writeFileSync(file, '[old]\naws_access_key_id = AKIDOLD\n');
    const exit = start(['add']);
    await upToKeys();
    await typeKey();
    await answer('Where shall the key', '', 'down');
    await answer('How shall the new profile', 'old');
    await terminal.shows('There is an AWS profile "old" already');
    terminal.press('ctrl-u');
    await answer('How shall the new profile', 'fresh');
    await fromBucketOn();
    expect(await terminal.shows('Both sides are equal')).toMatch(/--profile\s+fresh/);
    expect(readFileSync(file, 'utf8')).not.toContain('fresh');
    terminal.press('enter');
    expect(await exit).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(
      `[old]\naws_access_key_id = AKIDOLD\n\n[fresh]\naws_access_key_id = AKIDTYPED\naws_secret_access_key = ${SECRET}\n`,
    );
    expect(targets()).toMatchObject([{ s3: { profile: 'fresh' } }]);
    expect(targets()[0]).not.toHaveProperty('credentials');
    expect(said() + terminal.written()).not.toContain(SECRET);
  });

  test('takes no key along that was typed before a folder was chosen', async () => {
    const exit = start(['add']);
    await upToKeys();
    await typeKey();
    await terminal.shows('Where shall the key');
    for (const question of ['The secret key', 'The access key id', 'Which keys', 'At which address']) {
      terminal.press('escape');
      await terminal.shows(question);
    }
    terminal.press('escape');
    await answer('Where shall the copy', '', 'end');
    await answer('Which folder keeps', join(temp.path, 'nas'));
    await answer('Go on');
    await answer('How shall it be called');
    await answer('changed on both sides');
    await answer('Add this target?');
    expect(await exit).toBe(0);
    expect(targets()).toHaveLength(1);
    for (const name of ['credentials', 's3']) expect(targets()[0]).not.toHaveProperty(name);
    expect(readFileSync(join(bench.configDir, 'config.json'), 'utf8')).not.toContain(SECRET);
  });

  test('refuses a folder in another target, and a name that is taken', async () => {
    await main(['add', bench.folder('notes/sub'), 's3://bucket/sub', '--yes'], bench.process());
    const exit = start(['add']);
    await answer('Which folder shall', folder);
    await terminal.shows('holds that of target "sub"');
    terminal.press('escape');
    expect(await exit).toBe(130);
    expect(said()).toContain('Nothing was added.');
  });

  test('says what a store refuses, and is left with nothing registered', async () => {
    const services = {
      ...bench.services,
      prepareStore: async () => {
        throw new S4Error('STORE_DENIED', 'the store denies access', { hint: 'the secret key is wrong' });
      },
    };
    const exit = start(['add'], { services: async () => services });
    await upToKeys();
    await typeKey();
    await answer('Where shall the key');
    await answer('2 buckets:', 'bucket');
    await answer('Which folder in bucket');
    expect(await terminal.shows('The store denies access.')).toContain('The secret key is wrong.');
    terminal.press('ctrl-c');
    expect(await exit).not.toBe(0);
    expect(existsSync(join(bench.configDir, 'config.json'))).toBe(false);
  });

  test('asks nothing with --yes, nor where all is given', async () => {
    expect(await start(['add', folder, 's3://bucket/notes', '--yes'])).toBe(0);
    expect(terminal.written()).toBe('');
  });
});

describe('s4 edit at a terminal', () => {
  test('is filled in, and changes only what was changed', async () => {
    await main(
      ['add', folder, 's3://bucket/notes', '--yes', '--endpoint', 'http://127.0.0.1:9000'],
      bench.process(),
    );
    const before = targets()[0];
    const exit = start(['edit', 'notes']);
    await answer('Where is the folder now');
    await answer('At which address');
    await answer('As they are');
    await answer('Go on');
    await terminal.shows('How shall it be called');
    terminal.press('ctrl-u');
    await answer('How shall it be called', 'diary');
    await answer('changed on both sides', '', 'down');
    await answer('s4 edit notes --name diary --conflicts both');
    expect(await exit).toBe(0);
    expect(targets()).toEqual([{ ...before, name: 'diary', conflicts: 'both' }]);
  });

  test('takes back the region and the policy', async () => {
    const given = ['--region', 'eu-central-1', '--conflicts', 'both'];
    await main(['add', folder, 's3://bucket/notes', '--yes', ...given], bench.process());
    const exit = start(['edit', 'notes']);
    await answer('Where is the folder now');
    await terminal.shows('In which region');
    terminal.press('ctrl-u');
    await answer('as the profile or the service says');
    await answer('As they are');
    await answer('Go on');
    await answer('How shall it be called');
    await answer('changed on both sides', '', 'up');
    await answer('s4 edit notes --unset region --unset conflicts');
    expect(await exit).toBe(0);
    expect(targets()[0]).not.toHaveProperty('conflicts');
    expect(targets()[0]).not.toHaveProperty('s3');
  });
});
