import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../../src/commands/main.ts';
import type { ConflictView } from '../../../src/engine/events.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { type Bench, createBench, QUIET_SUMMARY, quietCycle } from '../../support/cli.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let bench: Bench;
beforeEach(async () => {
  temp = await createTempDir();
  bench = createBench(temp.path);
  for (const name of ['alpha', 'beta']) {
    await run('add', bench.folder(name), `s3://bucket/${name}`, '--yes', '--quiet');
  }
  forget();
});
afterEach(() => temp.remove());

const run = (...args: readonly string[]) => main(args, bench.process());
const runIn = (cwd: string, ...args: readonly string[]) => main(args, bench.process(cwd));

function forget(): void {
  for (const list of [bench.stdout, bench.stderr, bench.calls, bench.asked]) list.length = 0;
}
const out = () => bench.stdout.join('');
const events = () =>
  out()
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Record<string, unknown>);

describe('s4 sync', () => {
  test('runs every target, by name, and says what Python S4 said', async () => {
    expect(await run('sync')).toBe(0);
    expect(out()).toBe(
      `Syncing alpha [${bench.root}/alpha/ <=> s3://bucket/alpha/]\nNothing to update\n` +
        `Syncing beta [${bench.root}/beta/ <=> s3://bucket/beta/]\nNothing to update\n`,
    );
    expect(bench.stderr).toEqual([]);
  });

  test('passes its flags on', async () => {
    const flags = ['--dry-run', '--conflicts', '1', '--approve', 'p1', '--checksum', '--delete-ignored'];
    await run('s', 'alpha', ...flags);
    expect(bench.calls).toHaveLength(1);
    expect(bench.calls[0]?.options).toMatchObject({
      mode: 'preview',
      conflicts: 'local',
      approve: 'p1',
      checksum: true,
      deleteIgnored: true,
    });
  });

  test.each([
    ['2', 'remote'],
    ['ignore', 'skip'],
    ['newer', 'newer'],
  ])('--conflicts %s means %s', async (flag, choice) => {
    await run('sync', 'alpha', '--conflicts', flag);
    expect(bench.calls[0]?.options.conflicts).toBe(choice);
  });

  test('of a subfolder and of single paths', async () => {
    mkdirSync(join(bench.root, 'alpha', 'sub'));
    await runIn(join(bench.root, 'alpha', 'sub'), 'sync', '.');
    expect(bench.calls[0]?.options.paths).toEqual(['sub']);
    bench.server('s3://bucket/beta').put('far/away.txt', 'x');
    await runIn(join(bench.root, 'beta'), 'sync', 'far');
    expect(bench.calls[1]?.options.paths).toEqual(['far']);
    expect(bench.calls[1]?.deps.target.name).toBe('beta');
  });

  test('push and pull go one way', async () => {
    await run('push', 'alpha');
    await run('pull', 'alpha');
    expect(bench.calls.map(({ options }) => options.direction)).toEqual(['up', 'down']);
  });

  test('a target that fails does not stop the others', async () => {
    bench.engine = ({ deps, options }) => {
      if (deps.target.name === 'alpha')
        throw new S4Error('STORE_DENIED', 'access is denied', { hint: 'check the key' });
      return quietCycle(deps, options);
    };
    expect(await run('sync')).toBe(6);
    expect(bench.calls.map(({ deps }) => deps.target.name)).toEqual(['alpha', 'beta']);
    expect(bench.stderr.join('')).toBe('Error: alpha: Access is denied.\n  Check the key.\n');
  });

  test('an unknown error is a bug, without a stack unless --debug', async () => {
    bench.engine = () => {
      throw new TypeError('boom');
    };
    expect(await run('sync', 'alpha')).toBe(1);
    expect(bench.stderr.join('')).toMatch(/^Error: alpha: This is a bug in s4: TypeError: boom\.\n/);
    expect(bench.stderr.join('')).not.toMatch(/ {4}at /);
    forget();
    await run('sync', 'alpha', '--debug');
    expect(bench.stderr.join('')).toMatch(/ {4}at /);
  });

  test.each([
    [{ problems: 1 }, 3],
    [{ conflicts: 2 }, 4],
    [{ problems: 1, conflicts: 2 }, 3],
    [{ keptBoth: 3 }, 0],
  ])('a summary of %j is exit %d', async (summary, code) => {
    bench.engine = ({ deps, options }) => quietCycle(deps, options, [], summary);
    expect(await run('sync', 'alpha')).toBe(code);
  });

  test('a halt is exit 5, and stronger than a problem elsewhere', async () => {
    bench.engine = ({ deps, options }) =>
      deps.target.name === 'alpha'
        ? { kind: 'halted', planId: 'p1', guards: [] }
        : quietCycle(deps, options, [], { problems: 1 });
    expect(await run('sync')).toBe(5);
  });

  test('Ctrl-C ends all: exit 130, and no further target is begun', async () => {
    bench.engine = () => {
      bench.interrupt.abort(new Error('interrupted'));
      return { kind: 'interrupted', summary: QUIET_SUMMARY };
    };
    expect(await run('sync')).toBe(130);
    expect(bench.calls).toHaveLength(1);
  });

  test('an engine that rejects with the reason of Ctrl-C is no error', async () => {
    bench.engine = ({ options }) => {
      bench.interrupt.abort(new Error('interrupted'));
      options.signal?.throwIfAborted();
      throw new Error('not reached');
    };
    expect(await run('sync')).toBe(130);
    expect(bench.stderr).toEqual([]);
  });

  test('--json prints one event a line, and errors too', async () => {
    bench.engine = ({ deps, options }) => {
      if (deps.target.name === 'alpha') throw new S4Error('LOCKED', 'locked', { data: { pid: 3 } });
      return quietCycle(deps, options);
    };
    expect(await run('sync', '--json')).toBe(7);
    expect(events()).toEqual([
      { kind: 'error', code: 'LOCKED', message: 'locked', target: 'alpha', data: { pid: 3 } },
      expect.objectContaining({ kind: 'cycle-started', target: 'beta' }),
      expect.objectContaining({ kind: 'cycle-finished', target: 'beta' }),
    ]);
    expect(bench.stderr).toEqual([]);
  });

  test('a client id that the engine renewed is kept in the config', async () => {
    bench.engine = async ({ deps, options }) => {
      await deps.onNewClient?.('ffffffffffffffff');
      return quietCycle(deps, options);
    };
    await run('sync', 'alpha');
    forget();
    await run('targets', '--json');
    expect(events()).toMatchObject([{ name: 'alpha', clientId: 'ffffffffffffffff' }, { name: 'beta' }]);
  });

  test('without any target is wrong usage', async () => {
    await run('rm', 'alpha');
    await run('rm', 'beta');
    expect(await run('sync')).toBe(2);
    expect(bench.stderr.join('')).toMatch(/no targets yet/);
  });

  test('a folder reached through a symlink is the same folder', async () => {
    symlinkSync(join(bench.root, 'alpha'), join(bench.root, 'link'));
    expect(await run('sync', './link/')).toBe(0);
    expect(bench.calls[0]?.deps.target.name).toBe('alpha');
  });
});

describe('a conflict at a terminal', () => {
  const conflict: ConflictView = {
    path: 'test.txt',
    local: { state: 'created', modifiedMs: Date.UTC(2017, 0, 23, 12, 26, 24) },
    remote: { state: 'created', modifiedMs: Date.UTC(2017, 0, 23, 12, 26, 30), host: 'laptop' },
  };
  const contents = (local: Uint8Array | undefined, remote: Uint8Array | undefined) => ({
    local: async () => local,
    remote: async () => remote,
    base: async () => undefined,
  });

  async function ask(answers: string[], sides = contents(Buffer.from('a\n'), Buffer.from('b\n'))) {
    let choice: unknown;
    bench.answers = answers;
    bench.engine = async ({ deps, options }) => {
      choice = await deps.decide?.(conflict, sides);
      return quietCycle(deps, options);
    };
    await run('sync', 'alpha');
    return choice;
  }

  test('is asked as Python S4 did, and a copy of each can be kept', async () => {
    expect(await ask(['b'])).toBe('both');
    expect(bench.stderr.join('')).toBe(
      `
Conflict for "test.txt". Which version would you like to keep?
   (1) ${bench.root}/alpha/test.txt updated at 2017-01-23 12:26:24 (CREATED)
   (2) s3://bucket/alpha/test.txt updated at 2017-01-23 12:26:30 (CREATED) by laptop
   (b) Keep both
   (d) View difference
   (X) Skip this file


`,
    );
    expect(bench.asked).toEqual(['Choice (default=skip): ']);
  });

  test.each([
    ['1', 'local'],
    ['2', 'remote'],
    ['B', 'both'],
    ['', 'skip'],
    ['X', 'skip'],
    ['x', 'skip'],
  ])('%j is %s', async (answer, choice) => {
    expect(await ask([answer])).toBe(choice);
  });

  test('shows the difference, and asks again', async () => {
    expect(await ask(['d', 'what', '2'])).toBe('remote');
    expect(bench.stderr.join('')).toContain(
      `--- ${bench.root}/alpha/test.txt\n+++ s3://bucket/alpha/test.txt\n@@ -1 +1 @@\n-a\n+b\n`,
    );
    expect(bench.stderr.join('')).toContain('"what" is not a choice.');
    expect(bench.asked).toHaveLength(3);
  });

  test('says so of binary files, and of a deleted side', async () => {
    await ask(['d', ''], contents(Buffer.from([0, 1]), Buffer.from('b\n')));
    expect(bench.stderr.join('')).toContain('Binary files');
    forget();
    await ask(['d', ''], contents(undefined, Buffer.from('b\n')));
    expect(bench.stderr.join('')).toContain('@@ -0,0 +1 @@\n+b');
  });

  test('is not asked with --conflicts, with a policy, with --json or without a terminal', async () => {
    const decides = async (...args: readonly string[]) => {
      bench.calls.length = 0;
      bench.engine = ({ deps, options }) => quietCycle(deps, options);
      await run('sync', 'alpha', ...args);
      return bench.calls[0]?.deps.decide !== undefined;
    };
    expect(await decides()).toBe(false);
    bench.answers = [];
    expect(await decides()).toBe(true);
    expect(await decides('--conflicts', 'both')).toBe(false);
    expect(await decides('--json')).toBe(false);
    await run('edit', 'alpha', '--conflicts', 'both');
    expect(await decides()).toBe(false);
  });

  test('questions that come together are asked one after the other', async () => {
    bench.answers = ['1', '2'];
    let choices: unknown;
    bench.engine = async ({ deps, options }) => {
      const both = contents(undefined, undefined);
      choices = await Promise.all([
        deps.decide?.(conflict, both),
        deps.decide?.({ ...conflict, path: 'b' }, both),
      ]);
      return quietCycle(deps, options);
    };
    await run('sync', 'alpha');
    expect(choices).toEqual(['local', 'remote']);
    const questions = bench.stderr.join('').split('Conflict for');
    expect(questions[1]).toContain('(X) Skip this file\n\n\n');
  });
});

describe('s4 status', () => {
  test('previews, counts and lists; its exit says only whether it could look', async () => {
    bench.engine = ({ deps, options }) =>
      quietCycle(
        deps,
        options,
        [
          {
            kind: 'planned',
            target: deps.target.name,
            planId: 'p',
            operations: [{ kind: 'create', direction: 'up', path: 'a' }],
            conflicts: [],
            bytesUp: 1,
            bytesDown: 0,
          },
        ],
        { problems: 1 },
      );
    expect(await run('status', 'alpha')).toBe(0);
    expect(out()).toBe('alpha: 1 up\n  up    new     a\n');
    expect(bench.calls[0]?.options.mode).toBe('preview');
  });

  test('is what s4 alone does', async () => {
    expect(await run()).toBe(0);
    expect(out()).toBe('alpha: in sync\nbeta: in sync\n');
  });

  test('tells scripts the counts', async () => {
    await run('status', 'alpha', '--json');
    expect(events().at(-1)).toEqual({
      kind: 'status',
      target: 'alpha',
      inSync: true,
      up: 0,
      down: 0,
      deleted: 0,
      conflicts: 0,
      problems: 0,
      halted: false,
    });
  });

  test('a store that cannot be reached is exit 6, and the others are looked at', async () => {
    bench.engine = ({ deps, options }) => {
      if (deps.target.name === 'alpha') throw new S4Error('STORE_UNREACHABLE', 'no route');
      return quietCycle(deps, options);
    };
    expect(await run('status')).toBe(6);
    expect(out()).toBe('beta: in sync\n');
  });
});
