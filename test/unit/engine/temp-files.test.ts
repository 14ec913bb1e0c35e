import { describe, expect, it } from 'vitest';
import { S4Error } from '../../../src/lib/errors.ts';
import { createWorld } from '../../support/machines.ts';

const FAILURES = {
  'the place of it': (step: string, path: string) => step === 'rename' && path === 'f',
  'the intent of it': (step: string, path: string) => step === 'write' && path === '.s4/journal.jsonl',
  'its own last step': (step: string, path: string) => step === 'fsync' && path.startsWith('.s4/tmp'),
} as const;

describe('a download that fails again and again in a daemon', () => {
  // A folder without permission, a full disk: each try would leave a whole copy until the daemon ends.
  it.each(Object.keys(FAILURES) as (keyof typeof FAILURES)[])('leaves no temp file: %s', async (what) => {
    const world = createWorld();
    const a = await world.machine('laptop');
    const b = await world.machine('desk');
    for (const name of ['f', 'keep']) b.user.write(name, `first ${name}`);
    await b.sync();
    const live = await a.live();
    await live.cycle({ mode: 'sync' });
    b.user.write('f', 'second f');
    await b.sync();
    let failed = 0;
    a.disk.beforeStep((step, path) => {
      if (!FAILURES[what](step, path)) return;
      failed++;
      throw new S4Error('LOCAL_FAILED', 'no permission');
    });
    for (let tries = 0; tries < 3; tries++) {
      world.tick();
      await live.cycle({ mode: 'sync' }).catch(() => undefined);
    }
    a.disk.beforeStep(undefined);
    expect(failed).toBeGreaterThan(0);
    expect(a.user.read('f')).toBe('first f');
    expect(a.user.tree('.s4/tmp')).toEqual({});
    world.tick();
    await live.cycle({ mode: 'sync' });
    expect(a.user.read('f')).toBe('second f');
    await live.close();
  });
});

describe('a journal that cannot be begun anew in a daemon', () => {
  it('leaves no temp file', async () => {
    const world = createWorld();
    const a = await world.machine('laptop');
    a.user.write('keep', 'keep');
    const live = await a.live();
    await live.cycle({ mode: 'sync' });
    let failed = 0;
    a.disk.beforeStep((step, path) => {
      if (step !== 'rename' || !path.startsWith('.s4/tmp')) return;
      failed++;
      throw new S4Error('LOCAL_FAILED', 'an input/output error');
    });
    for (let tries = 0; tries < 60; tries++) {
      world.tick();
      a.user.write('keep', `edit ${tries}`);
      await live.cycle({ mode: 'sync' }).catch(() => undefined);
    }
    a.disk.beforeStep(undefined);
    expect(failed).toBeGreaterThan(0);
    expect(a.user.tree('.s4/tmp')).toEqual({});
    await live.close();
  });
});

it('a temp file that cannot be removed goes with the next hour of a daemon', async () => {
  const world = createWorld();
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  a.user.write('keep', 'keep');
  await a.sync();
  await b.sync();
  const live = await a.live();
  await live.cycle({ mode: 'sync' });
  b.user.write('f', 'f');
  await b.sync();
  a.disk.beforeStep((step, path) => {
    if ((step === 'fsync' || step === 'unlink') && path.startsWith('.s4/tmp'))
      throw new S4Error('LOCAL_FAILED', 'an input/output error');
  });
  await live.cycle({ mode: 'sync' });
  a.disk.beforeStep(undefined);
  expect(Object.keys(a.user.tree('.s4/tmp'))).toHaveLength(1);
  world.tick(3_600_000);
  await live.cycle({ mode: 'sync' });
  expect(a.user.tree('.s4/tmp')).toEqual({});
  expect(a.user.read('f')).toBe('f');
  await live.close();
});
