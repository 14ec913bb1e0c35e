import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { ensureBuilt } from '../support/two-homes.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/torture.mjs', import.meta.url));
/** A slow machine that is busy with other things may need that long to come to rest. */
const LIMIT_MS = 600_000;

beforeAll(ensureBuilt);

test.each([
  ['three clients and a server that dies behind a bad network', ['--seconds', '60', '--clients', '3']],
  ['three clients and a directory', ['--server', 'file', '--seconds', '20', '--clients', '3']],
  ['eight clients and 20 files', ['--mode', 'contended', '--seconds', '20']],
])('%s: killed over and over, nothing is lost', { timeout: LIMIT_MS }, async (_, flags) => {
  const { code, output } = await torture([...flags, '--seed', '20261121']);
  expect(code, output).toBe(0);
  expect(output).toContain('nothing lost; lost 0');
});

function torture(
  flags: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = (): void => {
      child.kill('SIGTERM');
    };
    process.once('exit', kill);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('exit', kill);
      resolve({ code, output });
    });
  });
}
