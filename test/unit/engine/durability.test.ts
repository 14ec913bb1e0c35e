import { describe, expect, it } from 'vitest';
import { quiet } from '../../support/crash.ts';
import { createWorld } from '../../support/machines.ts';

/** A run here that dies at a step of placing `new/deep/file`, one that succeeds, and then the power fails. */
async function killedThenPowerLoss(dies: (step: string, path: string) => boolean) {
  const world = createWorld();
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  a.user.write('keep', 'keep');
  await a.sync();
  await b.sync();
  a.user.write('new/deep/file', 'content');
  await a.sync();
  b.disk.beforeStep((step, path) => {
    if (dies(step, path)) throw new Error('killed');
  });
  await expect(b.sync()).rejects.toThrow('killed');
  b.disk.beforeStep(undefined);
  await b.sync();
  expect(b.user.read('new/deep/file')).toBe('content');
  b.disk.powerLoss();
  await quiet([b, a]);
  expect(b.user.tree()).toEqual(a.user.tree());
  return a.user.tree();
}

describe('what a killed run had begun, and the next one ended, outlives a power loss', () => {
  it.each([
    [
      'a file that was in place',
      (step: string, path: string) => step === 'unlink' && path.startsWith('.s4/tmp'),
    ],
    [
      'a folder made for it (seed 1117704)',
      (step: string, path: string) => step === 'link' && path === 'new/deep/file',
    ],
  ])('%s', async (_what, dies) => {
    expect(await killedThenPowerLoss(dies)).toEqual({ keep: 'keep', 'new/deep/file': 'content' });
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
