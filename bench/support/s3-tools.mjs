// What is in a bucket, as programs that know nothing of s4 see it.

import { run, succeed } from './programs.mjs';
import { findProgram, toolEnvironment } from './servers.mjs';

/**
 * @param {{ endpoint: string, home: string, bucket: string, prefix: string }} options
 */
export function s3Tools({ endpoint, home, bucket, prefix }) {
  const env = {
    ...toolEnvironment(home),
    RCLONE_CONFIG_B_TYPE: 's3',
    RCLONE_CONFIG_B_PROVIDER: 'Other',
    RCLONE_CONFIG_B_ENV_AUTH: 'true',
    RCLONE_CONFIG_B_ENDPOINT: endpoint,
    RCLONE_CONFIG_B_REGION: 'us-east-1',
  };
  const place = `B:${bucket}/${prefix}`;
  const url = `s3://${bucket}/${prefix}`;
  const rclone = (args, input) => succeed('rclone', args, { env, input });
  const s5cmd = (args) => succeed('s5cmd', ['--endpoint-url', endpoint, ...args], { env });
  return {
    env,
    place,
    rclone,
    /** Path -> { size, time } of the plain files; time as `seconds.micros`. */
    rcloneFiles: async () => {
      const { stdout } = await rclone(['lsl', place, '--exclude', '/.s4/**', '--checkers', '16']);
      return parseLsl(stdout);
    },
    s5cmdFiles: async () => {
      const { stdout } = await s5cmd(['ls', '--show-fullpath', `${url}/*`]);
      const names = stdout.split('\n').filter((line) => line !== '');
      return names
        .map((name) => name.slice(url.length + 1))
        .filter((name) => !name.startsWith('.s4/') && !name.endsWith('/'))
        .sort();
    },
    awsFiles: async () => {
      if (findProgram('aws') === undefined) return undefined;
      const args = ['--endpoint-url', endpoint, 's3', 'ls', '--recursive', `${url}/`];
      const { stdout } = await succeed('aws', args, { env });
      return stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replace(/^\S+ \S+ +\d+ /, '').slice(prefix.length + 1))
        .filter((name) => !name.startsWith('.s4/') && !name.endsWith('/'))
        .sort();
    },
    /**
     * Every version and delete marker below the prefix, and every current object with its ETag and time, sorted lines.
     * Both, for SeaweedFS leaves some keys out of a long listing of versions, always the same.
     */
    versions: async () => {
      const versions = await s5cmd(['ls', '--all-versions', `${url}/*`]);
      const objects = await s5cmd(['ls', '--etag', `${url}/*`]);
      const lines = ({ stdout }) => stdout.split('\n').filter((line) => line !== '');
      return { versions: lines(versions).sort(), objects: lines(objects).sort() };
    },
    /** Differences that rclone finds between a folder and the bucket; symlinks are left out: it does not follow them. */
    check: async (folder, symlinks) => {
      const excluded = symlinks.flatMap((path) => ['--exclude', `/${escaped(path)}`]);
      const args = ['check', folder, place, '--exclude', '/.s4/**', ...excluded, '--checkers', '16'];
      return run('rclone', args, { env });
    },
  };
}

function parseLsl(stdout) {
  const files = new Map();
  for (const line of stdout.split('\n')) {
    const found = /^ *(\d+) (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{9}) (.*)$/.exec(line);
    if (found === null) continue;
    const [, size, day, time, nanos, path] = found;
    const seconds = Date.parse(`${day}T${time}Z`) / 1000;
    files.set(path, { size: Number(size), time: `${seconds}.${nanos.slice(0, 6)}` });
  }
  return files;
}

/** A path as a pattern of rclone's filters. */
function escaped(path) {
  return path.replace(/[\\*?[\]{}]/g, (character) => `\\${character}`);
}
