// What a folder holds, as other programs see it: find, sort and sha256sum. No code of s4.
import { succeed } from './programs.mjs';

const ENV = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
const SKIP = '-path ./.s4 -prune -o';

const QUESTIONS = {
  contents: `find . ${SKIP} -type f -print0 | sort -z | xargs -0 -r sha256sum`,
  'executable bits': `find . ${SKIP} -type f -printf '%m %p\\0' | sort -z`,
  'modification times': `find . ${SKIP} -type f -printf '%T@ %p\\0' | sort -z`,
  symlinks: `find . ${SKIP} -type l -printf '%p -> %l\\0' | sort -z`,
  'empty folders': `find . ${SKIP} -type d -empty -print0 | sort -z`,
};

/**
 * @returns {Promise<Record<keyof typeof QUESTIONS, readonly string[]>>} sorted lines by question
 */
export async function lookAt(folder) {
  const answers = {};
  for (const [question, command] of Object.entries(QUESTIONS)) {
    const { stdout } = await succeed('bash', ['-o', 'pipefail', '-c', command], { env: ENV, cwd: folder });
    const lines = stdout.split(question === 'contents' ? '\n' : '\0').filter((line) => line !== '');
    answers[question] = lines.map(NORMALISE[question] ?? ((line) => line)).sort();
  }
  return answers;
}

// Of a mode the owner's x travels; of a time the microseconds, which is what Node can set.
const NORMALISE = {
  'executable bits': (line) => {
    const [mode] = line.split(' ', 1);
    return `${(Number.parseInt(mode, 8) & 0o100) === 0 ? '-' : 'x'} ${line.slice(mode.length + 1)}`;
  },
  'modification times': (line) => {
    const [time] = line.split(' ', 1);
    return `${line.slice(time.length + 1)} ${toMicroseconds(time)}`;
  },
};

/** `1700000000.1234567890` without what is finer than a microsecond. */
function toMicroseconds(seconds) {
  const [whole, fraction = ''] = seconds.split('.');
  return `${whole}.${fraction.padEnd(6, '0').slice(0, 6)}`;
}

/** The lines that only one of two has, at most a few of them. */
export function differences(a, b) {
  const inB = new Set(b);
  const inA = new Set(a);
  return [
    ...a.filter((line) => !inB.has(line)).map((line) => `< ${line}`),
    ...b.filter((line) => !inA.has(line)).map((line) => `> ${line}`),
  ];
}
