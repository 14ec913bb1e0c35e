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

describe('a folder that a killed run had made (seed 1117704)', () => {
  it('is made durable with the first file that a later run puts into it', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    a.user.write('keep', 'keep');
    await a.sync();
    await b.sync();
    a.user.write('new/deep/file', 'content');
    await a.sync();
    // Killed after the folders are made, before the link; then a run that finds them there; then the power fails.
    b.disk.beforeStep((step, path) => {
      if (step === 'link' && path === 'new/deep/file') throw new Error('killed');
    });
    await expect(b.sync()).rejects.toThrow('killed');
    b.disk.beforeStep(undefined);
    await b.sync();
    expect(b.user.read('new/deep/file')).toBe('content');
    b.disk.powerLoss();
    await quiet([b, a]);
    expect(a.user.tree()).toEqual({ keep: 'keep', 'new/deep/file': 'content' });
    expect(b.user.tree()).toEqual(a.user.tree());
  });
});

describe('a file that the user saved', () => {
  async function stepsOfUpload(ageMs: number): Promise<string[]> {
    const world = createWorld();
    const a = await world.machine('laptop');
    a.user.write('folder/note', 'saved');
    world.tick(ageMs);
    const steps: string[] = [];
    a.disk.beforeStep((step, path) => void steps.push(`${step} ${path}`));
    await a.sync();
    return steps;
  }

  it('a moment ago is made durable, with its name, before the base says that it is there', async () => {
    const steps = await stepsOfUpload(0);
    const content = steps.indexOf('fsync folder/note');
    const name = steps.indexOf('fsync-folder folder');
    const recorded = steps.findLastIndex((step) => step.includes('journal.jsonl'));
    expect(content).toBeGreaterThan(-1);
    expect(name).toBeGreaterThan(content);
    expect(recorded).toBeGreaterThan(name);
  });

  it('long ago is on the disk already', async () => {
    expect(await stepsOfUpload(600_000)).not.toContain('fsync folder/note');
  });
});
