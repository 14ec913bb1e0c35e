import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../../src/commands/main.ts';
import { type Bench, createBench, quietCycle } from '../../support/cli.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let bench: Bench;
beforeEach(async () => {
  temp = await createTempDir();
  bench = createBench(temp.path);
});
afterEach(() => temp.remove());

const run = (...args: readonly string[]) => main(args, bench.process());
function forget(): void {
  for (const list of [bench.stdout, bench.stderr, bench.calls, bench.asked]) list.length = 0;
}
const out = () => bench.stdout.join('');
const err = () => bench.stderr.join('');
const config = () => JSON.parse(readFileSync(join(bench.configDir, 'config.json'), 'utf8'));
const targets = () => config().targets as readonly Record<string, unknown>[];

describe('s4 add', () => {
  test('joins both sides, records what was proved, previews, and transfers nothing', async () => {
    const folder = bench.folder('notes');
    expect(await run('add', folder, 's3://bucket/notes', '--yes')).toBe(0);
    expect(targets()).toMatchObject([
      {
        name: 'notes',
        folder,
        url: 's3://bucket/notes',
        capabilities: { putIfAbsent: true, versioning: 'enabled' },
      },
    ]);
    expect(bench.server('s3://bucket/notes').keys()).toEqual(['.s4/target.json']);
    expect(bench.calls.map(({ options }) => options.mode)).toEqual(['preview']);
    expect(out()).toBe(
      `Target "notes" has been added: [${folder} <=> s3://bucket/notes]\n` +
        'Both sides are equal already.\n' +
        'Start syncing with "s4 sync notes"; "s4 edit" changes what was entered.\n',
    );
  });

  test('says what the first sync would do', async () => {
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
    await run('add', bench.folder('notes'), 's3://bucket/notes', '--yes');
    expect(out()).toContain(
      'The first sync would do: 1 up (2.0 KiB up). Both sides are united, nothing is deleted.\n',
    );
  });

  test('without a terminal names what is missing', async () => {
    expect(await run('add')).toBe(2);
    expect(err()).toBe(
      'Error: The folder is needed, and there is no terminal to ask at.\n  Give FOLDER: s4 add FOLDER URL.\n',
    );
    forget();
    bench.answers = ['anything'];
    expect(await run('add', bench.folder('notes'), '--json')).toBe(2);
    expect(JSON.parse(out())).toMatchObject({ kind: 'error', code: 'PROMPT_NEEDED' });
    expect(bench.asked).toEqual([]);
  });

  test('asks at a terminal for what is missing, as Python S4 did', async () => {
    const folder = bench.folder('notes');
    bench.answers = [
      folder,
      's3://bucket/notes',
      'http://127.0.0.1:9000',
      'eu-west-2',
      'AKIA',
      'topsecret-key',
      '',
      'n',
      'y',
    ];
    expect(await run('add')).toBe(0);
    expect(bench.asked).toEqual([
      'local folder path to sync [leave blank for current folder]: ',
      'URL (s3://bucket/prefix or file:///folder) [required]: ',
      'endpoint url [leave blank for AWS]: ',
      'region name [leave blank if unknown]: ',
      'AWS Access Key ID [leave blank to use the AWS environment or profile]: ',
      'AWS Secret Access Key [required]: ',
      "Provide a name for this entry [leave blank to default to 'notes']: ",
      'If the bucket bucket does not exist, create it? [y/N]: ',
      'Create a starter .syncignore (leftovers of editors and systems)? [y/N]: ',
    ]);
    expect(targets()[0]).toMatchObject({
      name: 'notes',
      s3: { endpoint: 'http://127.0.0.1:9000', region: 'eu-west-2' },
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'topsecret-key' },
    });
    expect(existsSync(join(folder, '.syncignore'))).toBe(true);
    expect(out() + err()).not.toContain('topsecret-key');
  });

  test('offers no starter rules where the remote has rules', async () => {
    bench.server('s3://bucket/notes').put('.syncignore', '*.o\n');
    bench.answers = [];
    expect(await run('add', bench.folder('notes'), 's3://bucket/notes')).toBe(0);
    expect(bench.asked).toEqual([]);
  });

  test('takes a secret from standard input, and shows it nowhere', async () => {
    bench.stdin = 'wJalrXUtnFEMI/K7MDENG\n';
    bench.engine = () => {
      throw new Error('signature of wJalrXUtnFEMI/K7MDENG is wrong');
    };
    const keys = ['--access-key-id', 'AKIA', '--secret-access-key-stdin'];
    await run('add', bench.folder('notes'), 's3://bucket/notes', '--yes', '--json', ...keys);
    await run('targets', '--verbose');
    await run('targets', '--json');
    await run('sync', '--debug');
    expect(targets()[0]).toMatchObject({ credentials: { secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' } });
    expect(out() + err()).not.toContain('wJalrXUtnFEMI');
    expect(out() + err()).toContain('[redacted]');
  });

  test('copies stored credentials from another target', async () => {
    bench.stdin = 'wJalrXUtnFEMI/K7MDENG';
    const keys = ['--access-key-id', 'AKIA', '--secret-access-key-stdin'];
    await run('add', bench.folder('a'), 's3://bucket/a', '--yes', ...keys);
    expect(await run('add', bench.folder('b'), 's3://bucket/b', '--yes', '-C', 'a')).toBe(0);
    expect(targets()[1]).toMatchObject({
      name: 'b',
      credentials: { secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' },
    });
    expect(await run('add', bench.folder('c'), 's3://bucket/c', '--yes', '-C', 'nope')).toBe(2);
  });

  test('a missing folder is made only when wished for', async () => {
    const folder = join(bench.root, 'new', 'deep');
    expect(await run('add', folder, 's3://bucket/new', '--yes')).toBe(2);
    expect(err()).toContain('--create-folder');
    expect(existsSync(folder)).toBe(false);
    expect(await run('add', folder, 's3://bucket/new', '--yes', '--create-folder')).toBe(0);
  });

  test('refuses what overlaps, and registers nothing', async () => {
    await run('add', bench.folder('notes'), 's3://bucket/notes', '--yes');
    forget();
    mkdirSync(join(bench.root, 'notes', 'sub'));
    expect(await run('add', join(bench.root, 'notes', 'sub'), 's3://bucket/sub', '--yes')).toBe(2);
    expect(err()).toContain('of target "notes"');
    expect(targets()).toHaveLength(1);
    expect(bench.server('s3://bucket/sub').keys()).toEqual([]);
  });

  test('the same folder and URL is joined again under its name', async () => {
    const folder = bench.folder('notes');
    await run('add', folder, 's3://bucket/notes', '--name', 'mine', '--yes');
    const before = targets()[0];
    forget();
    expect(await run('add', folder, 's3://bucket/notes', '--yes')).toBe(0);
    expect(out()).toContain('Target "mine" was joined again');
    expect(targets()).toHaveLength(1);
    expect(targets()[0]).toMatchObject({ name: 'mine', id: before?.['id'] });
  });

  test('a second machine joins the same target', async () => {
    await run('add', bench.folder('notes'), 's3://bucket/notes', '--yes');
    const first = targets()[0];
    const elsewhere = ['--config', join(bench.root, 'other')];
    expect(await run('add', bench.folder('copy'), 's3://bucket/notes', '--yes', ...elsewhere)).toBe(0);
    const second = JSON.parse(readFileSync(join(bench.root, 'other', 'config.json'), 'utf8')).targets[0];
    expect(second.id).toBe(first?.['id']);
    expect(second.clientId).not.toBe(first?.['clientId']);
  });

  test('a taken default name gets a number, a taken chosen name is refused', async () => {
    await run('add', bench.folder('x/notes'), 's3://bucket/1', '--yes');
    await run('add', bench.folder('y/notes'), 's3://bucket/2', '--yes');
    expect(targets().map(({ name }) => name)).toEqual(['notes', 'notes-2']);
    expect(await run('add', bench.folder('z'), 's3://bucket/3', '--yes', '--name', 'notes')).toBe(2);
    expect(await run('add', bench.folder('z'), 's3://bucket/3', '--yes', '--name', '.bad')).toBe(2);
    expect(targets()).toHaveLength(2);
  });

  test('knows a folder that Python S4 kept', async () => {
    const folder = bench.folder('notes');
    const row = (own: number) => ({ 'a.txt': { local_timestamp: own, remote_timestamp: 100 } });
    writeFileSync(join(folder, '.index'), JSON.stringify(row(100)));
    bench.server('s3://bucket/notes').put('.index', JSON.stringify(row(107)));
    await run('add', folder, 's3://bucket/notes', '--yes');
    expect(targets()[0]).toMatchObject({ legacy: true });
    await run('sync');
    expect([...(bench.calls.at(-1)?.options.legacyIndex ?? [])]).toEqual([
      ['a.txt', { localS: 100, remoteS: 107 }],
    ]);
  });

  test('an ordinary file named .index is content', async () => {
    const folder = bench.folder('book');
    writeFileSync(join(folder, '.index'), 'Aardvark, 3\nZebra, 99\n');
    await run('add', folder, 's3://bucket/book', '--yes');
    expect(targets()[0]).not.toHaveProperty('legacy');
  });
});

describe('s4 edit', () => {
  beforeEach(async () => {
    await run('add', bench.folder('notes'), 's3://bucket/notes', '--yes');
    forget();
  });

  test('changes name and policy', async () => {
    expect(await run('edit', 'notes', '--name', 'diary', '--conflicts', 'both')).toBe(0);
    expect(targets()).toMatchObject([{ name: 'diary', conflicts: 'both', url: 's3://bucket/notes' }]);
  });

  test('a taken or bad name is refused', async () => {
    await run('add', bench.folder('b'), 's3://bucket/b', '--yes');
    expect(await run('edit', 'notes', '--name', 'b')).toBe(2);
    expect(await run('edit', 'notes', '--name', '-b')).toBe(2);
    expect(await run('edit', 'nope', '--name', 'c')).toBe(2);
    expect(targets().map(({ name }) => name)).toEqual(['notes', 'b']);
  });

  test('a moved folder must hold the marker', async () => {
    const elsewhere = bench.folder('elsewhere');
    expect(await run('edit', 'notes', '--folder', elsewhere)).toBe(2);
    expect(err()).toContain('does not hold the moved folder');
    // The fake disk moves with its content.
    const state = bench.disk(join(bench.root, 'notes')).open().state;
    const marker = (await state.read('target.json')) ?? new Uint8Array();
    await bench.disk(elsewhere).open().state.replace('target.json', [marker]);
    renameSync(join(bench.root, 'notes'), join(bench.root, 'old'));
    expect(await run('edit', 'notes', '--folder', elsewhere)).toBe(0);
    expect(targets()[0]).toMatchObject({ folder: elsewhere });
  });

  test('another URL must hold this very target', async () => {
    expect(await run('edit', 'notes', '--url', 's3://bucket/elsewhere')).toBe(2);
    expect(err()).toContain('does not hold target "notes"');
    expect(targets()[0]).toMatchObject({ url: 's3://bucket/notes' });
  });

  test('an endpoint is probed before it is saved', async () => {
    expect(await run('edit', 'notes', '--endpoint', 'https://s3.example.com/')).toBe(0);
    expect(targets()[0]).toMatchObject({ s3: { endpoint: 'https://s3.example.com' } });
    expect(await run('edit', 'notes', '--endpoint', 'nonsense')).toBe(2);
    expect(await run('edit', 'notes', '--endpoint', 'https://user:pw@s3.example.com')).toBe(2);
  });

  test('takes back what was set: by --unset, or by an empty value', async () => {
    const given = ['--region', 'eu-central-1', '--profile', 'work', '--conflicts', 'both', '--path-style'];
    expect(await run('edit', 'notes', ...given)).toBe(0);
    expect(await run('edit', 'notes', '--unset', 'region', '--unset', 'conflicts')).toBe(0);
    expect(targets()[0]).toMatchObject({ s3: { profile: 'work', pathStyle: true } });
    expect(targets()[0]).not.toHaveProperty('conflicts');
    expect((targets()[0] as { s3: object }).s3).not.toHaveProperty('region');
    expect(await run('edit', 'notes', '--profile', '', '--unset', 'path-style')).toBe(0);
    expect(targets()[0]).not.toHaveProperty('s3');
    expect(await run('edit', 'notes', '--region', 'x', '--unset', 'region')).toBe(2);
    expect(err()).toContain('exclude each other');
    expect(await run('edit', 'notes', '--unset', 'folder')).toBe(2);
    expect(err()).toContain('Choices are endpoint, region');
  });

  test('without flags asks, or names the flags', async () => {
    expect(await run('edit', 'notes')).toBe(2);
    expect(err()).toContain('s4 edit --help');
    bench.answers = ['', '', '', '', 'diary'];
    expect(await run('edit', 'notes')).toBe(0);
    expect(targets()[0]).toMatchObject({ name: 'diary' });
  });

  test('at a plain question "-" takes a region back', async () => {
    await run('edit', 'notes', '--region', 'eu-central-1');
    bench.answers = ['', '', '-', '', ''];
    expect(await run('edit', 'notes')).toBe(0);
    expect(targets()[0]).not.toHaveProperty('s3');
  });
});

describe('s4 rm', () => {
  beforeEach(async () => {
    await run('add', bench.folder('notes'), 's3://bucket/notes', '--yes');
    forget();
  });

  test('forgets the target and keeps both sides', async () => {
    expect(await run('rm', 'notes')).toBe(0);
    expect(targets()).toEqual([]);
    expect(bench.server('s3://bucket/notes').keys()).toEqual(['.s4/target.json']);
    expect(await run('rm', 'notes')).toBe(2);
  });

  test('--forget-state removes .s4, but never files in the trash', async () => {
    const state = join(bench.root, 'notes', '.s4');
    mkdirSync(join(state, 'trash', 'run', 'sub'), { recursive: true });
    for (const name of ['target.json', 'index.json.gz', '.gitignore']) writeFileSync(join(state, name), 'x');
    writeFileSync(join(state, 'trash', 'run', 'sub', 'precious'), 'x');
    expect(await run('rm', 'notes', '--forget-state')).toBe(0);
    expect(existsSync(join(state, 'trash', 'run', 'sub', 'precious'))).toBe(true);
    expect(existsSync(join(state, 'target.json'))).toBe(false);
    expect(existsSync(join(state, 'index.json.gz'))).toBe(false);
    expect(out()).toContain('The trash still holds files');
  });

  test('--forget-state removes an empty trash too', async () => {
    const state = join(bench.root, 'notes', '.s4');
    mkdirSync(join(state, 'trash', 'run'), { recursive: true });
    writeFileSync(join(state, 'target.json'), 'x');
    expect(await run('rm', 'notes', '--forget-state')).toBe(0);
    expect(existsSync(state)).toBe(false);
  });

  test('--forget-state waits for nobody who works there', async () => {
    const held = await bench.disk(join(bench.root, 'notes')).open().lock({ waitMs: 0 });
    expect(held.kind).toBe('locked');
    expect(await run('rm', 'notes', '--forget-state')).toBe(7);
    expect(targets()).toHaveLength(1);
  });
});

describe('s4 targets', () => {
  test('prints what Python S4 printed', async () => {
    await run('add', bench.folder('b'), 's3://bucket/b', '--yes');
    await run('add', bench.folder('a'), 's3://bucket/a', '--yes');
    forget();
    expect(await run('t')).toBe(0);
    expect(out()).toBe(`a: [${bench.root}/a <=> s3://bucket/a]\nb: [${bench.root}/b <=> s3://bucket/b]\n`);
  });

  test('with a damaged config is exit 2, and the file stays', async () => {
    mkdirSync(bench.configDir, { recursive: true });
    writeFileSync(join(bench.configDir, 'config.json'), '{"ver');
    expect(await run('targets')).toBe(2);
    expect(await run('add', bench.folder('a'), 's3://bucket/a', '--yes')).toBe(2);
    expect(readFileSync(join(bench.configDir, 'config.json'), 'utf8')).toBe('{"ver');
  });
});

describe('s4 import', () => {
  beforeEach(() => {
    mkdirSync(join(bench.root, '.config', 's4'), { recursive: true });
    const entry = (folder: string, uri: string) => ({
      local_folder: folder,
      s3_uri: uri,
      endpoint_url: 'http://127.0.0.1:9000',
      region_name: null,
      aws_access_key_id: 'AKIA',
      aws_secret_access_key: 'wJalrXUtnFEMI/K7MDENG',
    });
    const file = join(bench.root, '.config', 's4', 'sync.conf');
    const python = {
      notes: entry(bench.folder('notes'), 's3://bucket/notes'),
      gone: entry(join(bench.root, 'gone'), 's3://bucket/gone'),
    };
    writeFileSync(file, JSON.stringify({ targets: python }));
  });

  test('is offered by s4 targets', async () => {
    await run('targets');
    expect(out()).toContain('Python S4 has targets that s4 can take over: gone, notes. Run "s4 import".');
  });

  test('takes over what it can; what it cannot does not stop it', async () => {
    expect(await run('import', '--yes')).toBe(2);
    expect(targets()).toMatchObject([
      {
        name: 'notes',
        s3: { endpoint: 'http://127.0.0.1:9000' },
        credentials: { accessKeyId: 'AKIA', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' },
      },
    ]);
    expect(err()).toContain('gone: The folder');
    expect(out() + err()).not.toContain('wJalrXUtnFEMI');
    forget();
    expect(await run('import', 'notes', '--yes')).toBe(0);
    expect(out()).toBe('"notes" is registered already.\n');
  });

  test('asks about each at a terminal, and needs --yes elsewhere', async () => {
    expect(await run('import')).toBe(2);
    expect(err()).toContain('--yes');
    bench.answers = ['n', 'n'];
    expect(await run('import')).toBe(0);
    expect(existsSync(join(bench.configDir, 'config.json'))).toBe(false);
  });
});
