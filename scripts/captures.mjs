// What s4 looks like, taken from the running program in a real terminal: writes docs/captures/*.txt. Needs tmux and dist.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const project = join(dirname(fileURLToPath(import.meta.url)), '..');
const CLI = join(project, 'dist', 'cli.cjs');
// A name that may be read in the pictures; it must not be there yet.
const root = join(tmpdir(), 'anna');
const DEADLINE_MS = 60_000;

const NOTES =
  'Shopping\n\n- apples\n- bread\n- four pears\n\nCall the plumber.\nWater the plants.\nPay the rent.\n';

function homeOf(host) {
  const home = join(root, host);
  const env = { PATH: process.env.PATH, HOME: home, S4_CONFIG_DIR: join(home, 'cfg'), S4_HOST: host };
  const folder = join(home, 'notes');
  mkdirSync(folder, { recursive: true });
  return {
    env,
    folder,
    write: (path, content) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    },
    s4: (...args) => {
      const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], { env, encoding: 'utf8' });
      if (status !== 0) throw new Error(`s4 ${args.join(' ')} ended with ${status}: ${stderr}`);
    },
  };
}

const socket = `s4-captures-${process.pid}`;
function tmux(...args) {
  return execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
}

function startIn({ env, folder }) {
  const words = Object.entries({ ...env, LANG: 'C.UTF-8', TERM: 'screen' }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const shell = ['env', '-i', ...words, 'PS1=$ ', 'bash', '--norc', '--noprofile'];
  tmux('new-session', '-d', '-x', '80', '-y', '24', '-c', folder, ...shell);
  tmux('send-keys', '-l', `s4() { '${process.execPath}' '${CLI}' "$@"; }; clear`);
  tmux('send-keys', 'Enter');
}

async function shows(pattern) {
  const until = Date.now() + DEADLINE_MS;
  for (;;) {
    const screen = tmux('capture-pane', '-p');
    if (pattern.test(screen)) return screen;
    if (Date.now() > until) throw new Error(`${pattern} never came:\n${screen}`);
    await sleep(50);
  }
}

async function capture(name, pattern) {
  const screen = await shows(pattern);
  const text = `${screen.replace(/ +$/gm, '').trimEnd()}\n`;
  writeFileSync(join(project, 'docs', 'captures', `${name}.txt`), text);
  console.log(`== ${name}\n${text}`);
}

async function run(command) {
  tmux('send-keys', '-l', command);
  tmux('send-keys', 'Enter');
}

mkdirSync(root);
try {
  mkdirSync(join(project, 'docs', 'captures'), { recursive: true });
  const laptop = homeOf('laptop');
  const desk = homeOf('desk');
  laptop.write('notes.md', NOTES);
  for (let n = 0; n < 12; n++) laptop.write(`old/${n}.txt`, `${n}`);
  const url = `file://${join(root, 'store')}`;
  laptop.s4('add', laptop.folder, url, '--create-bucket', '--yes');
  laptop.s4('sync');
  desk.s4('add', desk.folder, url, '--yes');
  desk.s4('sync');

  startIn(laptop);
  for (let n = 1; n <= 40; n++)
    laptop.write(`photos/IMG_${1000 + n}.jpg`, Buffer.alloc(40_000 + 3_000 * n, n));
  laptop.write('photos/beach.mov', Buffer.alloc(24_000_000, 7));
  await run('s4 sync --limit-up 3M');
  await capture('sync', /\b[3-6]\d% {2}/);
  await capture('sync-end', /notes: \d+ up[^$]*\n\$ *\n/);

  desk.s4('sync');
  desk.write('notes.md', NOTES.replace('four pears', 'six ripe pears'));
  desk.s4('sync');
  laptop.write('notes.md', NOTES.replace('four pears', 'five pears').replace('rent.', 'rent by Monday.'));
  await run('clear; s4 sync');
  await capture('conflict', /both changed the same/);
  tmux('send-keys', 'd');
  await capture('conflict-diff', /by Monday/);
  tmux('send-keys', 'Escape');
  await shows(/keep both/);
  tmux('send-keys', 'b', 'Enter');
  await shows(/kept twice[^$]*\n\$ *\n/);

  await run('clear; s4 resolve');
  await capture('resolve', /both changed the same/);
  tmux('send-keys', 'c', 'Enter');
  await shows(/The copy is notes.md now[^$]*\n\$ *\n/);
  await run('clear; s4 sync --plain');
  await shows(/notes: \d+ up[^$]*\n\$ *\n/);

  desk.s4('sync');
  desk.write('recipes/soup.md', NOTES);
  desk.s4('sync');
  laptop.write('photos/IMG_2001.jpg', Buffer.alloc(90_000, 1));
  rmSync(join(laptop.folder, 'old', '7.txt'));
  await run('clear; s4');
  await capture('dashboard', /↑.*↓.*−/);
  tmux('send-keys', 'Enter');
  await shows(/soup|recipes/);
  await capture('dashboard-files', /changed there/);
  tmux('send-keys', '/');
  tmux('send-keys', '-l', 'notes');
  await shows(/1 of \d/);
  tmux('send-keys', 'Enter');
  await shows(/› .*notes\.md/);
  tmux('send-keys', 'v');
  await capture('dashboard-versions', /desk[\s\S]*laptop/);
  tmux('send-keys', 'C-c');
  await shows(/\$ *\n/);

  await run('clear; rm -r photos old; s4 sync');
  await capture('guard', /Type \d+/);
  tmux('send-keys', 'Escape');
  await shows(/approve/);

  tmux('kill-server');
  const phone = homeOf('phone');
  phone.write('diary.md', NOTES);
  startIn(phone);
  await run('clear; s4 add');
  await shows(/Which folder/);
  tmux('send-keys', 'Enter');
  await capture('add-where', /Where shall the copy/);
  for (let n = 0; n < 11; n++) tmux('send-keys', 'Down');
  await shows(/› A folder/);
  tmux('send-keys', 'Enter');
  await shows(/Which folder keeps the copy/);
  tmux('send-keys', '-l', join(root, 'store'));
  tmux('send-keys', 'Enter');
  await capture('add-checks', /Go on/);
  tmux('send-keys', 'Enter');
  await shows(/How shall it be called/);
  tmux('send-keys', 'Enter');
  await shows(/changed on both sides/);
  tmux('send-keys', 'Enter');
  await capture('add-summary', /Both sides are united/);
  tmux('send-keys', 'C-c');
  await shows(/\$ *\n/);
} finally {
  spawnSync('tmux', ['-L', socket, 'kill-server']);
  rmSync(root, { recursive: true, force: true });
}
