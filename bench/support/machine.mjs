// A machine as far as s4 can tell: a home, a name and a folder of its own.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { CLI, succeed, summaryOf } from './programs.mjs';
import { toolEnvironment } from './servers.mjs';

/**
 * @param {string} host
 * @param {string} root
 * @param {string} endpoint
 * @param {import('./checks.mjs').Checks} checks
 */
export async function createMachine(host, root, endpoint, checks) {
  const home = join(root, host);
  const folder = join(home, 'docs');
  await mkdir(folder, { recursive: true });
  const env = { ...toolEnvironment(home), S4_CONFIG_DIR: join(home, 'config'), S4_HOST: host };
  const s4 = (...args) =>
    checks.step(`${host}$ s4 ${args[0]}`, () => {
      const more = args[0] === 'add' ? ['--endpoint', endpoint] : [];
      return succeed(process.execPath, [CLI, ...args, ...more], { env, cwd: folder });
    });
  return {
    host,
    home,
    folder,
    s4,
    /** @returns the summary of `s4 sync`; an error unless it ends with 0 */
    sync: async () => {
      const summary = summaryOf((await s4('sync', '--json')).stdout);
      const { uploaded, downloaded, deletedLocal, deletedRemote, renamed, problems } = summary;
      checks.say(
        `       ${uploaded} up, ${downloaded} down, ${deletedLocal + deletedRemote} deleted, ${renamed} renamed, ` +
          `${problems} problems; ${JSON.stringify(summary.requests)}`,
      );
      return summary;
    },
  };
}
