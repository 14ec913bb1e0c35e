import { afterEach, beforeEach, expect, test } from 'vitest';
import { main } from '../../../src/commands/main.ts';
import { type Bench, createBench, quietCycle } from '../../support/cli.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let bench: Bench;
beforeEach(async () => {
  temp = await createTempDir();
  bench = createBench(temp.path);
  await main(['add', bench.folder('notes'), 's3://bucket/notes', '--yes'], bench.process());
  bench.engine = ({ deps, options }) => {
    const operation = { kind: 'create', direction: 'up', path: 'a' } as const;
    return quietCycle(deps, options, [
      { kind: 'operation-started', target: 'notes', id: 1, operation },
      { kind: 'operation-progress', target: 'notes', id: 1, bytes: 5 },
      { kind: 'operation-finished', target: 'notes', id: 1, operation, outcome: 'done' },
    ]);
  };
});
afterEach(() => temp.remove());

async function sync(flags: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const terminal = createFakeTerminal();
  const host = bench.process();
  const stderr: string[] = [];
  const exit = await main(['sync', ...flags], {
    ...host,
    env: { ...host.env, ...env },
    // As `process.ts` does.
    terminal: env['S4_PLAIN'] === undefined ? terminal.host : undefined,
    stderr: { write: (text) => void stderr.push(text), isTTY: true, columns: 80 },
  });
  expect(exit).toBe(0);
  return terminal.written() + stderr.join('');
}

test('with --plain or S4_PLAIN nothing is drawn, and nothing rewritten in place', async () => {
  expect(await sync(['--plain'], {})).toBe('');
  expect(await sync([], { S4_PLAIN: '1' })).toBe('');
  expect(await sync([], {})).not.toBe('');
});
