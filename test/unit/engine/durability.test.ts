import { describe, expect, it } from 'vitest';
import { quiet } from '../../support/crash.ts';
import { createWorld } from '../../support/machines.ts';

describe('a file that a killed run had put in place', () => {
  it('is made durable before the base says that it is there', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    a.user.write('keep', 'keep');
    await a.sync();
    await b.sync();
    a.user.write('new/deep/file', 'content');
    await a.sync();
    // Killed after the link, before the folders are synced; then a run that finds it equal; then the power fails.
    b.disk.beforeStep((step, path) => {
      if (step === 'unlink' && path.startsWith('.s4/tmp')) throw new Error('killed');
    });
    await expect(b.sync()).rejects.toThrow('killed');
    b.disk.beforeStep(undefined);
    expect(b.user.read('new/deep/file')).toBe('content');
    await b.sync();
    b.disk.powerLoss();
    await quiet([b, a]);
    expect(a.user.tree()).toEqual({ keep: 'keep', 'new/deep/file': 'content' });
    expect(b.user.tree()).toEqual(a.user.tree());
  });
});
