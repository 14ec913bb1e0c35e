import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createSinks } from '../../../src/commands/sinks.ts';

function createStreams(isTTY: boolean) {
  const writes: string[] = [];
  const stream = (name: string) => ({ isTTY, write: (text: string) => writes.push(`${name}: ${text}`) });
  return { writes, sinks: createSinks(stream('out'), stream('err')) };
}

describe('what s4 says', () => {
  test('goes to a pipe in one piece for each turn of the event loop', async () => {
    const { writes, sinks } = createStreams(false);
    sinks.stdout.write('a\n');
    sinks.stdout.write('b\n');
    expect(writes).toEqual([]);
    await nextTurn();
    sinks.stdout.write('c\n');
    await nextTurn();
    expect(writes).toEqual(['out: a\nb\n', 'out: c\n']);
  });

  test('goes to a terminal at once', () => {
    const { writes, sinks } = createStreams(true);
    sinks.stdout.write('a\n');
    expect(writes).toEqual(['out: a\n']);
  });

  test('keeps its order across both streams', () => {
    const { writes, sinks } = createStreams(false);
    sinks.stdout.write('before\n');
    sinks.stderr.write('trouble\n');
    expect(writes).toEqual(['out: before\n', 'err: trouble\n']);
  });

  test('is not held back beyond a limit, and all out after a flush', () => {
    const { writes, sinks } = createStreams(false);
    sinks.stdout.write('x'.repeat(100_000));
    expect(writes).toHaveLength(1);
    sinks.stdout.write('last\n');
    sinks.flush();
    sinks.flush();
    expect(writes.slice(1)).toEqual(['out: last\n']);
  });
});
