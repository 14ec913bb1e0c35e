import { describe, expect, it } from 'vitest';
import { createWorld, type Machine, summaryOf } from '../../support/machines.ts';

/** A machine that has synced twenty files, and lost the named ones since. */
async function afterLosing(...lost: readonly string[]): Promise<Machine> {
  const world = createWorld();
  const a = await world.machine('laptop');
  for (let i = 0; i < 10; i++) {
    a.user.write(`one/${i}`, `one ${i}`);
    a.user.write(`two/${i}`, `two ${i}`);
  }
  await a.sync();
  for (const path of lost) a.user.remove(path);
  return a;
}

async function halt(machine: Machine, paths: readonly string[] = []): Promise<string> {
  const result = await machine.sync({ paths: paths as never });
  if (result.kind !== 'halted') throw new Error(`expected a halt, got ${result.kind}`);
  return result.planId;
}

describe('an approval', () => {
  it('carries out the plan that was shown, and is used up', async () => {
    const a = await afterLosing('one', 'two/1');
    const id = await halt(a);
    expect(summaryOf(await a.sync({ approve: id })).deletedRemote).toBe(11);
    for (let i = 2; i < 10; i++) a.user.remove(`two/${i}`);
    expect((await a.sync({ approve: id })).kind).toBe('halted');
  });

  it('covers what is left of the plan, and nothing more', async () => {
    const a = await afterLosing('one', 'two/1', 'two/2');
    const id = await halt(a);
    a.user.write('two/1', 'two 1');
    a.user.remove('two/3');
    expect((await a.sync({ approve: id })).kind).toBe('halted');
    a.user.write('two/3', 'two 3');
    expect(summaryOf(await a.sync({ approve: id })).deletedRemote).toBe(11);
  });

  it('stands while other plans halt in between', async () => {
    const a = await afterLosing('one', 'two/1', 'two/2');
    const id = await halt(a);
    await halt(a, ['one']);
    await a.sync({ approve: 'no-such-id' });
    a.user.write('two/1', 'two 1');
    expect(summaryOf(await a.sync({ approve: id })).deletedRemote).toBe(11);
  });

  it('is void when what was remembered is damaged', async () => {
    const a = await afterLosing('one', 'two/1', 'two/2');
    const id = await halt(a);
    a.user.write('.s4/halted.json', '{"version":1,"plans":[{"id":');
    a.user.write('two/1', 'two 1');
    expect((await a.sync({ approve: id })).kind).toBe('halted');
  });
});
