// A machine of the demo: a home of its own, in which commands are really run and shown with their output.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from './evidence.mjs';

/** The built program. */
export const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

/**
 * @param {string} name what the prompt and conflict copies say
 * @param {string} home
 * @param {import('./stage.mjs').Stage} stage
 */
export async function createMachine(name, home, stage) {
  await mkdir(home, { recursive: true });
  const folder = join(home, 'docs');
  const env = environment(name, home);
  const cwd = () => (existsSync(folder) ? folder : home);

  const start = (args) =>
    spawn(process.execPath, [CLI, ...args], { cwd: cwd(), env, stdio: ['ignore', 'pipe', 'pipe'] });

  /** Runs s4 and shows what it says; fails the demo if it ends otherwise than the story tells. */
  const s4 = async (args, { exit = 0, lines = 6 } = {}) => {
    stage.command(name, ['s4', ...args]);
    const ended = await outputOf(start(args));
    stage.output(ended.text, lines);
    if (exit !== 0) stage.say(`(exit ${ended.code})`);
    expect(
      ended.code === exit,
      `s4 ${args.join(' ')} on ${name} ended with ${ended.code}, not with ${exit}.`,
    );
    return ended.text;
  };

  const shell = (line) => runShell(name, line, { cwd: cwd(), env, stage });

  /** Runs s4 until `isTime()` says so, and kills it: no signal handler, no goodbye. */
  const s4Killed = async (args, isTime) => {
    stage.command(name, ['s4', ...args]);
    const child = start(args);
    const ended = outputOf(child);
    while (child.exitCode === null && !(await isTime())) await sleep(20);
    child.kill('SIGKILL');
    const { text, signal } = await ended;
    stage.output(text, 4);
    if (signal === 'SIGKILL') stage.command(name, ['kill', '-9', child.pid]);
    expect(signal === 'SIGKILL', `s4 ${args.join(' ')} on ${name} was done before it could be killed.`);
  };

  return { name, home, folder, env, s4, shell, s4Killed };
}

/** Runs a line of the shell, and shows it and what it says. */
export async function runShell(prompt, line, { cwd, env = process.env, stage }) {
  stage.command(prompt, [line], { asTyped: true });
  const ended = await outputOf(spawn('sh', ['-c', line], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  stage.output(ended.text, 40);
  expect(ended.code === 0, `"${line}" on the ${prompt} ended with ${ended.code}.`);
}

function environment(name, home) {
  const own = { HOME: home, S4_CONFIG_DIR: join(home, '.config', 's4'), S4_HOST: name, NO_COLOR: '1' };
  // Credentials stay where the user has them, though HOME is another.
  const aws = {
    AWS_CONFIG_FILE: process.env.AWS_CONFIG_FILE ?? join(homedir(), '.aws', 'config'),
    AWS_SHARED_CREDENTIALS_FILE:
      process.env.AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), '.aws', 'credentials'),
  };
  return { ...process.env, ...aws, ...own };
}

/** Both streams, in the order in which they come. */
function outputOf(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk) => {
        text += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, text }));
  });
}
