// Programs run to their end, as a user would run them.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built s4. */
export const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

/**
 * @typedef {object} Ended
 * @property {number | string | null} code exit code, or the signal that ended it
 * @property {string} stdout
 * @property {string} stderr
 * @property {number} ms
 */

/** @returns {Promise<Ended>} */
export function run(program, args, { env, cwd, input } = {}) {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const child = spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const out = [];
    const err = [];
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => err.push(chunk));
    // A program that does not read its input may have ended by now.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({
        code: code ?? signal,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        ms: performance.now() - startedMs,
      }),
    );
  });
}

/** As `run`, and an error unless it ends with 0. */
export async function succeed(program, args, options) {
  const ended = await run(program, args, options);
  if (ended.code === 0) return ended;
  const said = `${ended.stdout}${ended.stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`${[program, ...args].join(' ').slice(0, 300)} ended with ${ended.code}:\n${said}`);
}

/** What `s4 sync --json` says at its end: `summary` of its cycle. */
export function summaryOf(stdout) {
  for (const line of stdout.trimEnd().split('\n').reverse()) {
    const event = JSON.parse(line);
    if (event.kind === 'cycle-finished') return event.summary;
  }
  throw new Error('no cycle-finished among the events');
}
