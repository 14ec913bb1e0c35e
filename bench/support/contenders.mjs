// The same work by each program: s4, rclone, s5cmd. Every call is one whole process, measured.
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { CLI, succeed, summaryOf } from './programs.mjs';
import { findProgram, toolEnvironment } from './servers.mjs';

// Four at once, rclone's own choice, is slow for small files; this is what its documentation advises for them.
const RCLONE_SMALL = ['--transfers', '32', '--checkers', '32'];

/** @typedef {import('./measure.mjs').Measured & { requests?: Record<string, number> }} Work */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {(folder: string, place: string) => Promise<void>} prepare whatever it needs once for a folder and a place
 * @property {(folder: string, place: string) => Promise<Work>} up
 * @property {(folder: string, place: string) => Promise<Work>} down
 * @property {(folder: string, place: string) => Promise<Work>} sync
 */

/** @returns {readonly Contender[]} those that are on PATH; what is missing is said */
export function contenders({ endpoint, bucket, root, meter, say }) {
  const all = [s4, rclone, rcloneBisync, s5cmd];
  return all.flatMap((make) => {
    const { program, ...contender } = make({ endpoint, bucket, root, meter });
    if (findProgram(program) !== undefined) return [contender];
    say(`MISSING: ${program} is not on PATH; ${contender.name} is skipped`);
    return [];
  });
}

function s4({ endpoint, bucket, root, meter }) {
  // A folder is a machine: it has a home of its own, beside it.
  const options = (folder) => {
    const home = `${folder}.home`;
    return { env: { ...toolEnvironment(home), S4_CONFIG_DIR: join(home, 'config') }, cwd: root };
  };
  const target = 'bench';
  const sync = async (folder) => {
    const work = await meter(process.execPath, [CLI, 'sync', target, '--json'], options(folder));
    const { requests, problems } = summaryOf(work.stdout);
    if (problems > 0) throw new Error(`s4 sync had ${problems} problems`);
    return { ...work, requests };
  };
  return {
    name: 's4',
    program: 'node',
    prepare: async (folder, place) => {
      await mkdir(folder, { recursive: true });
      const flags = [
        '--name',
        target,
        '--endpoint',
        endpoint(),
        '--create-bucket',
        '--enable-versioning',
        '--yes',
      ];
      await succeed(
        process.execPath,
        [CLI, 'add', folder, `s3://${bucket}/${place}`, ...flags],
        options(folder),
      );
    },
    /** Through another endpoint from now on. */
    redirect: (folder, to) =>
      succeed(process.execPath, [CLI, 'edit', target, '--endpoint', to, '--yes'], options(folder)),
    up: sync,
    down: sync,
    sync,
  };
}

function rcloneOptions({ endpoint, root }) {
  return {
    env: {
      ...toolEnvironment(join(root, 'rclone-home')),
      RCLONE_CONFIG: join(root, 'rclone-home/rclone.conf'),
      RCLONE_CONFIG_B_TYPE: 's3',
      RCLONE_CONFIG_B_PROVIDER: 'Other',
      RCLONE_CONFIG_B_ENV_AUTH: 'true',
      RCLONE_CONFIG_B_ENDPOINT: endpoint(),
      RCLONE_CONFIG_B_REGION: 'us-east-1',
    },
  };
}

function rclone(deps) {
  const { bucket, meter } = deps;
  const run = (args) => meter('rclone', [...args, ...RCLONE_SMALL], rcloneOptions(deps));
  return {
    name: 'rclone',
    program: 'rclone',
    prepare: async () => undefined,
    up: (folder, place) => run(['copy', folder, `B:${bucket}/${place}`]),
    down: (folder, place) => run(['copy', `B:${bucket}/${place}`, folder]),
    sync: (folder, place) => run(['sync', folder, `B:${bucket}/${place}`]),
  };
}

/** The one of them that also works in both directions: nothing-to-do is what it is compared in. */
function rcloneBisync(deps) {
  const { bucket, meter, root } = deps;
  const state = join(root, 'bisync');
  const args = (folder, place) => [
    'bisync',
    folder,
    `B:${bucket}/${place}`,
    '--workdir',
    state,
    ...RCLONE_SMALL,
  ];
  return {
    name: 'rclone bisync',
    program: 'rclone',
    prepare: (folder, place) => succeed('rclone', [...args(folder, place), '--resync'], rcloneOptions(deps)),
    sync: (folder, place) => meter('rclone', args(folder, place), rcloneOptions(deps)),
  };
}

function s5cmd({ endpoint, bucket, root, meter }) {
  const run = (args) =>
    meter('s5cmd', ['--endpoint-url', endpoint(), '--log', 'error', ...args], {
      env: toolEnvironment(join(root, 's5cmd-home')),
    });
  return {
    name: 's5cmd',
    program: 's5cmd',
    prepare: async () => undefined,
    up: (folder, place) => run(['cp', `${folder}/`, `s3://${bucket}/${place}/`]),
    down: (folder, place) => run(['cp', `s3://${bucket}/${place}/*`, `${folder}/`]),
    sync: (folder, place) => run(['sync', `${folder}/`, `s3://${bucket}/${place}/`]),
  };
}

/** The one change among many. */
export function changeOneFile(path) {
  return appendFile(path, 'x');
}

export async function emptyFolder(path) {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
}
