// One program as a whole process: wall time, CPU time of it and its children, peak memory.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { succeed } from './programs.mjs';
import { findProgram } from './servers.mjs';

/**
 * @typedef {object} Measured
 * @property {number} wallS
 * @property {number} cpuS
 * @property {number | undefined} peakMib undefined without GNU time
 * @property {string} stdout
 */

/** @param {string} scratch a folder for what time writes */
export function createMeter(scratch) {
  const gnuTime = findProgram('time');
  let runs = 0;
  /** @returns {Promise<Measured>} */
  return async (program, args, options) => {
    // What was written before is not this program's to wait for.
    await succeed('sync', [], { env: process.env });
    const report = join(scratch, `time-${++runs}`);
    const { stdout, stderr, ms } =
      gnuTime === undefined
        ? await succeed('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@"', 'bash', program, ...args], options)
        : await succeed(gnuTime, ['-f', '%U %S %M', '-o', report, program, ...args], options);
    const text = gnuTime === undefined ? stderr : await readFile(report, 'utf8');
    await rm(report, { force: true });
    const [userS, systemS, peakKib] = (text.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
    const peakMib = peakKib === undefined ? undefined : peakKib / 1024;
    return { wallS: ms / 1000, cpuS: userS + systemS, peakMib, stdout };
  };
}
