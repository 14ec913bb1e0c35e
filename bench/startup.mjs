// How soon a person sees something: `node bench/startup.mjs [--rounds N]`. Each time is set against bare `node -e 0` of
// the same round, in the same kind of terminal. Needs `script` (util-linux), and dist.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const CLI = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'cli.cjs');
const root = mkdtempSync(join(tmpdir(), 's4-startup-'));
const env = {
  PATH: process.env.PATH,
  LANG: 'C.UTF-8',
  TERM: 'xterm',
  HOME: root,
  S4_CONFIG_DIR: join(root, 'cfg'),
};

/** What is to be no more than so many times bare Node. */
const GOALS = { version: 1.3, 'first word': 2, 'first frame': 4.5 };

function inTerminal(args, seen) {
  const command = [process.execPath, ...args].map((word) => `'${word}'`).join(' ');
  return new Promise((resolve) => {
    const started = performance.now();
    const times = {};
    let text = '';
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdout.on('data', (chunk) => {
      text += chunk;
      for (const [name, pattern] of Object.entries(seen))
        if (times[name] === undefined && pattern.test(text)) times[name] = performance.now() - started;
    });
    child.on('close', () => resolve({ ...times, end: performance.now() - started }));
  });
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

try {
  mkdirSync(join(root, 'a'));
  for (let n = 0; n < 50; n++) writeFileSync(join(root, 'a', `f${n}`), `${n}`);
  const add = [CLI, 'add', join(root, 'a'), `file://${join(root, 'store')}`, '--create-bucket', '--yes'];
  for (const args of [add, [CLI, 'sync']]) spawnSync(process.execPath, args, { env });
  const ratios = { version: [], 'first word': [], 'the sync itself': [], 'first frame': [] };
  const bares = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const bare = (await inTerminal(['-e', '0'], {})).end;
    const version = (await inTerminal([CLI, '--version'], {})).end;
    const sync = await inTerminal([CLI, 'sync'], { word: /\S/, line: /Syncing/, frame: /Looking|Starting/ });
    bares.push(bare);
    ratios.version.push(version / bare);
    ratios['first word'].push(sync.word / bare);
    ratios['the sync itself'].push(sync.line / bare);
    if (sync.frame !== undefined) ratios['first frame'].push(sync.frame / bare);
  }
  console.log(`bare node: ${median(bares).toFixed(0)} ms (median of ${values.rounds})`);
  for (const [name, list] of Object.entries(ratios)) {
    const goal = GOALS[name] === undefined ? '' : `  (goal ${GOALS[name]})`;
    console.log(
      `${name.padEnd(16)} ${median(list).toFixed(2)} x bare, best ${Math.min(...list).toFixed(2)}${goal}`,
    );
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
