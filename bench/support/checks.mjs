// What a run says: each step with its time, each claim with PASS or FAIL.
import process from 'node:process';
import { differences, lookAt } from './evidence.mjs';

/** @typedef {ReturnType<typeof createChecks>} Checks */

export function createChecks() {
  let passed = 0;
  let failed = 0;
  const say = (line) => process.stdout.write(`${line}\n`);
  const check = (claim, holds, found = '') => {
    if (holds) passed++;
    else failed++;
    say(holds ? `PASS  ${claim}` : `FAIL  ${claim}: ${found}`);
  };
  const step = async (name, act) => {
    const startedMs = performance.now();
    const result = await act();
    say(`${((performance.now() - startedMs) / 1000).toFixed(2).padStart(7)} s  ${name}`);
    return result;
  };
  const same = (claim, a, b) => {
    const differ = differences(a, b);
    check(`${claim} (${a.length})`, a.length > 0 && differ.length === 0, differ.slice(0, 6).join('; '));
  };
  return {
    say,
    check,
    step,
    same,
    title: (name) => say(`\n== ${name}`),
    /** Claims that find, sort and sha256sum see the same in both folders. */
    sameTrees: async (a, b) => {
      const [inA, inB] = await step('look at both folders', () =>
        Promise.all([lookAt(a.folder), lookAt(b.folder)]),
      );
      for (const question of Object.keys(inA)) same(`equal ${question}`, inA[question], inB[question]);
      return inA;
    },
    /** Paths of files and symlinks, and times of the files, as `find` sees them. */
    plainFiles: async ({ folder }) => {
      const seen = await lookAt(folder);
      const times = new Map();
      for (const line of seen['modification times']) {
        const space = line.lastIndexOf(' ');
        times.set(line.slice(2, space), line.slice(space + 1));
      }
      const links = seen.symlinks.map((line) => line.split(' -> ')[0].slice(2));
      return { contents: [...times.keys()], times, links };
    },
    /** @returns the exit code */
    end: () => {
      say(`\n${passed} passed, ${failed} failed`);
      return failed === 0 ? 0 : 1;
    },
  };
}
