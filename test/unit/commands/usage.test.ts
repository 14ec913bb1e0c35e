import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SHELLS } from '../../../src/commands/completion.ts';
import { EXIT, worstExit } from '../../../src/commands/exit-codes.ts';
import { main } from '../../../src/commands/main.ts';
import { parseLevel, parseRate } from '../../../src/commands/parse.ts';
import { VERSION } from '../../../src/lib/version.ts';
import { type Bench, createBench } from '../../support/cli.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let bench: Bench;
beforeEach(async () => {
  temp = await createTempDir();
  bench = createBench(temp.path);
});
afterEach(() => temp.remove());

const run = (...args: readonly string[]) => main(args, bench.process());
const out = () => bench.stdout.join('');
const err = () => bench.stderr.join('');

describe('usage', () => {
  test.each([
    [['nonsense']],
    [['sync', '--nonsense']],
    [['sync', '--conflicts', '3']],
    [['rm']],
    [['ls', 'a', 'b']],
    [['--log-level', 'loud', 'targets']],
    [['--limit-up', 'fast', 'targets']],
    [['completion', 'powershell']],
    [['completion']],
  ])('%j is wrong: exit 2, one sentence, a hint', async (args) => {
    expect(await run(...args)).toBe(2);
    expect(out()).toBe('');
    expect(err()).toMatch(/^Error: .+[.?)]\n {2}.+\n$/);
  });

  test('a command that does not exist is named', async () => {
    expect(await run('chunk', 'a.txt')).toBe(2);
    expect(err()).toMatch(/^Error: There is no command "chunk"\.\n/);
    expect(await run('ls', 'a', 'b')).toBe(2);
    expect(err()).toContain('Too many arguments for');
  });

  test('errors of usage are JSON when JSON was asked for', async () => {
    expect(await run('sync', '--nonsense', '--json')).toBe(2);
    expect(JSON.parse(out())).toMatchObject({
      kind: 'error',
      code: 'USAGE',
      message: "Unknown option '--nonsense'.",
    });
    expect(err()).toBe('');
  });

  test('help is no error, and shows examples', async () => {
    expect(await run('--help')).toBe(0);
    expect(out()).toContain('Usage: s4');
    for (const command of ['add', 'sync', 'ls', 'doctor']) {
      bench.stdout.length = 0;
      expect(await run(command, '--help')).toBe(0);
      expect(out()).toContain('Examples:');
      expect(out()).toContain('--json');
    }
  });

  test('the version, as words and as JSON', async () => {
    expect(await run('version')).toBe(0);
    expect(out()).toBe(`${VERSION}\n`);
    bench.stdout.length = 0;
    await run('version', '--json');
    expect(JSON.parse(out())).toMatchObject({ kind: 'version', version: VERSION });
  });

  test('s4 alone greets who has no target', async () => {
    expect(await run()).toBe(0);
    expect(out()).toContain('To start, add a target');
  });

  test.each(SHELLS)('completion for %s knows every command', async (shell) => {
    expect(await run('completion', shell)).toBe(0);
    for (const command of ['add', 'sync', 'status', 'doctor']) expect(out()).toContain(command);
    expect(out()).toContain('s4 completion --targets');
  });

  test('completion lists target names, whatever they hold', async () => {
    await run('add', bench.folder('a'), 's3://bucket/a', '--yes', '--quiet', '--name', 'my notes');
    bench.stdout.length = 0;
    await run('completion', '--targets');
    expect(out()).toBe('my notes\n');
  });
});

describe('global flags', () => {
  beforeEach(async () => {
    await run('add', bench.folder('a'), 's3://bucket/a', '--yes', '--quiet');
    bench.stdout.length = 0;
  });

  test('--quiet leaves only trouble, wherever it stands', async () => {
    expect(await run('--quiet', 'sync')).toBe(0);
    expect(await run('sync', '-q')).toBe(0);
    expect(await run('sync', '--log-level', 'warning')).toBe(0);
    expect(out()).toBe('');
  });

  test('--timestamps puts a time before each line', async () => {
    await run('sync', '--timestamps');
    for (const line of out().trimEnd().split('\n')) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z /);
  });

  test('rates reach the stores', async () => {
    const limits: unknown[] = [];
    const host = bench.process();
    const services = {
      ...bench.services,
      openStore: (access: never, given: unknown) => {
        limits.push(given);
        return bench.services.openStore(access);
      },
    } as typeof bench.services;
    await main(['sync', '--limit-up', '500K', '--limit-down', '2M'], {
      ...host,
      services: async () => services,
    });
    expect(limits).toEqual([{ upBytesPerSecond: 512_000, downBytesPerSecond: 2_097_152 }]);
  });
});

describe('values', () => {
  test.each([
    ['1', 1],
    ['500K', 512_000],
    ['1.5MiB/s', 1_572_864],
    ['2gb', 2_147_483_648],
  ])('the rate %s', (text, rate) => {
    expect(parseRate(text)).toBe(rate);
  });

  test.each(['', 'K', '0', '-1', '1T', '1 2'])('%j is no rate', (text) => {
    expect(() => parseRate(text)).toThrow();
  });

  test("Python S4's log levels", () => {
    expect(['DEBUG', 'info', 'WARNING', 'ERROR'].map(parseLevel)).toEqual([
      'debug',
      'info',
      'warning',
      'error',
    ]);
  });
});

test('of several exit codes the contract says which counts', () => {
  const { done, bug, usage, problems, conflicts, halted, store, locked, interrupted } = EXIT;
  const order = [bug, interrupted, usage, store, halted, locked, problems, conflicts, done];
  for (const [i, code] of order.entries()) expect(worstExit(order.slice(i).reverse())).toBe(code);
  expect(worstExit([])).toBe(0);
});
