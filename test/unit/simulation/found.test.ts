import { describe, expect, it } from 'vitest';
import { createWorld, type Machine } from '../../support/machines.ts';

async function journalBytes({ disk }: Machine): Promise<number | undefined> {
  const folder = disk.open();
  const size = await folder.state.size('journal.jsonl');
  await folder.close();
  return size;
}

describe('what the simulation found', () => {
  it('an empty folder in two normal forms is recorded once, not in every cycle', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('a'), await world.machine('b')];
    a.user.mkdir('caf\u00e9');
    b.user.mkdir('cafe\u0301');
    for (const machine of [a, b, b]) await machine.sync();
    const before = await journalBytes(b);
    await b.sync();
    expect(await journalBytes(b)).toBe(before);
  });
});
