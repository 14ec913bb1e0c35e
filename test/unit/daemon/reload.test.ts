import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TargetSettings } from '../../../src/config/schema.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { RHYTHM } from '../../../src/daemon/rhythm.ts';
import { type Supervisor, startSupervisor } from '../../../src/daemon/supervisor.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { createManualRuntime } from '../../support/manual-runtime.ts';

interface Room {
  readonly supervisor: Supervisor;
  /** What the config says from now on. */
  configure(...names: readonly string[]): void;
  /** The first cycle, which hangs in opening its folder, comes to its end. */
  release(): void;
  names(): Promise<readonly string[]>;
}

async function room(): Promise<Room> {
  let targets: readonly TargetSettings[] = [];
  let release = (): void => {};
  let hang: Promise<void> | undefined = new Promise((resolve) => {
    release = resolve;
  });
  const configure: Room['configure'] = (...names) => {
    targets = names.map((name) => ({ id: '1', name, folder: '/docs', url: 'file:///s' }) as TargetSettings);
  };
  configure('docs');
  const supervisor = startSupervisor({
    runtime: { ...createManualRuntime(), randomHex: () => '00000000', host: 'here' },
    rhythm: RHYTHM,
    pid: 1,
    version: 'test',
    concurrency: 1,
    pauses: { has: () => false, set: () => {} },
    loadTargets: () => {
      if (targets[0]?.name === 'broken') throw new S4Error('CONFIG_INVALID', 'it cannot be read');
      return targets;
    },
    openFolder: async () => {
      const waiting = hang;
      hang = undefined;
      await waiting;
      throw new S4Error('FOLDER_MISSING', 'not here');
    },
  } as unknown as DaemonDeps);
  await nextTurn();
  const names = async (): Promise<readonly string[]> =>
    (await supervisor.status()).targets.map(({ name }) => name);
  return { supervisor, configure, release, names };
}

describe('a daemon that is told to read its config again', () => {
  it('while it does so, does not go on with a target that is gone by then', async () => {
    const { supervisor, configure, release, names } = await room();
    expect(await names()).toEqual(['docs']);
    configure('papers');
    const first = supervisor.reload();
    await nextTurn();
    configure();
    const second = supervisor.reload();
    await nextTurn();
    release();
    await Promise.all([first, second]);
    expect(await names()).toEqual([]);
    await supervisor.stop();
  });

  it('begins nothing any more once it is stopped', async () => {
    const { supervisor, configure, release, names } = await room();
    configure('papers');
    const reloaded = supervisor.reload();
    await nextTurn();
    const stopped = supervisor.stop();
    release();
    await Promise.all([reloaded, stopped, supervisor.stopped]);
    expect(await names()).toEqual([]);
  });

  it('can be told so again where the config could not be read', async () => {
    const { supervisor, configure, release, names } = await room();
    release();
    configure('broken');
    await expect(supervisor.reload()).rejects.toThrow('it cannot be read');
    expect(await names()).toEqual(['docs']);
    configure('papers');
    await supervisor.reload();
    expect(await names()).toEqual(['papers']);
    await supervisor.stop();
  });
});
