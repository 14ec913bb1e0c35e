import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { main } from '../../../src/commands/main.ts';
import { type Bench, createBench } from '../../support/cli.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';
import type { Dice } from '../dice.ts';
import { hostileJson, hostileText } from '../hostile.ts';
import { type FuzzTarget, fail } from '../target.ts';

const WORDS = [
  ...[
    'add',
    'edit',
    'rm',
    'targets',
    'sync',
    'push',
    'pull',
    'status',
    'ls',
    'doctor',
    'completion',
    'version',
    'help',
    'import',
    'home',
    'a',
    'e',
    't',
    's',
    'v',
  ],
  ...[
    '--json',
    '--quiet',
    '-v',
    '--debug',
    '--log-level',
    '--timestamps',
    '--no-colors',
    '--config',
    '--limit-up',
    '--help',
    '-h',
    '--version',
    '--',
    '-',
  ],
  ...[
    '--name',
    '--endpoint',
    '--region',
    '--profile',
    '--path-style',
    '--no-path-style',
    '--create-bucket',
    '--enable-versioning',
    '--create-folder',
    '--yes',
  ],
  ...[
    '--access-key-id',
    '--secret-access-key-stdin',
    '--conflicts',
    '--copy-target-credentials',
    '--dry-run',
    '--approve',
    '--checksum',
    '--delete-ignored',
    '--forget-state',
    '--all',
    '--sort-by',
    '--descending',
    '--fix',
    '--targets',
    '--url',
    '--folder',
    '--storage-class',
    '--sse',
    '--ca-file',
    '--proxy',
    '--forget-credentials',
  ],
  ...[
    'notes',
    'notes:',
    'notes:a/b',
    './notes',
    'new',
    's3://bucket/x',
    's3://',
    's3://b',
    's3://bucket/notes',
    'file:///x',
    'file://',
    'https://host',
    'http://[',
    'skip',
    'local',
    '1',
    '2',
    'ignore',
    'DEBUG',
    '500K',
    '1e9',
    'bash',
    'key',
    's3',
  ],
] as const;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

let temp: TempDir | undefined;
let bench: Bench;
let cwd = '';
let used = 0;

async function open(): Promise<void> {
  await temp?.remove();
  temp = await createTempDir();
  bench = createBench(temp.path);
  cwd = bench.folder('in/here/below/that/folder');
  await main(['add', bench.folder('notes'), 's3://bucket/notes', '--yes'], bench.process());
  used = 0;
}

/** No process gets NUL or halves of surrogate pairs as arguments; paths stay in the temporary folder. */
function argument(dice: Dice): string {
  const text = dice.int(5) < 3 ? dice.pick(WORDS) : hostileText(dice);
  const clean = text.toWellFormed().replaceAll('\0', '');
  const shaped = dice.oneIn(12) ? `--${clean}=${clean}` : clean;
  const value = shaped.slice(shaped.indexOf('=') + 1);
  return resolve(cwd, value).startsWith(bench.root) ? shaped : shaped.replaceAll('/', '_');
}

/** Whatever the arguments and the files of the user, s4 ends with an exit code of its table, a sentence, and no stack. */
export const argv: FuzzTarget = {
  name: 'argv',
  share: 1,
  short: 30,
  limitMs: 5000,
  start: open,
  async run(dice) {
    if (used++ > 100) await open();
    bench.stdout.length = 0;
    bench.stderr.length = 0;
    bench.stdin = hostileText(dice);
    bench.answers = dice.oneIn(3) ? Array.from({ length: 12 }, () => hostileText(dice)) : undefined;
    if (dice.oneIn(10)) {
      mkdirSync(join(bench.root, '.config/s4'), { recursive: true });
      writeFileSync(join(bench.root, '.config/s4/sync.conf'), hostileJson(dice));
    }
    if (dice.oneIn(10))
      bench.disk(join(bench.root, 'notes')).user.write('.s4/target.json', hostileJson(dice));
    if (dice.oneIn(10)) bench.server('s3://bucket/notes').put('.s4/target.json', hostileJson(dice));
    const args = [dice.pick(WORDS), ...dice.some(6, () => argument(dice))];
    const code = await main(args, bench.process(dice.oneIn(2) ? cwd : bench.root));
    const out = bench.stdout.join('');
    const err = bench.stderr.join('');
    if (code === 1) fail('a bug', [args, out, err]);
    if (/\n\s+at .+:\d+:\d+/.test(out + err) && !args.includes('--debug')) fail('a stack', [args, err]);
    if (!args.includes('completion') && RAW.test(out + err))
      fail('a raw control character', [args, out, err]);
    if (args.includes('--debug')) await open();
  },
  async stop() {
    await temp?.remove();
    temp = undefined;
  },
};
