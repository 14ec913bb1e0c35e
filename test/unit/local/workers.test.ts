import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createIdleTimer } from '../../../src/local/workers.ts';
import { relPath } from '../../contract/folder-contract.ts';
import { buildWorkers, type DiskFixture, diskFixture } from './disk-fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an idle timer', () => {
  test('stops once when nothing came for its time, and not while there is something to do', () => {
    const stop = vi.fn();
    const timer = createIdleTimer(stop, 1_000);
    timer.idle();
    vi.advanceTimersByTime(999);
    timer.busy();
    vi.advanceTimersByTime(5_000);
    expect(stop).not.toHaveBeenCalled();
    timer.idle();
    timer.idle();
    vi.advanceTimersByTime(5_000);
    expect(stop).toHaveBeenCalledTimes(1);
  });
});

describe('workers', () => {
  let workers: Awaited<ReturnType<typeof buildWorkers>>;
  let fixture: DiskFixture;
  beforeAll(async () => {
    workers = await buildWorkers();
  });
  afterAll(() => workers.dispose());
  beforeEach(async () => {
    fixture = await diskFixture({ workerUrl: workers.url });
  });
  afterEach(() => fixture.dispose());

  const threads = (): number => fs.readdirSync('/proc/self/task').length;

  async function work(): Promise<void> {
    expect(await fixture.folder.hash({ path: relPath('file') })).toMatchObject({ kind: 'hashed' });
    const found: string[] = [];
    for await (const items of fixture.folder.walk({}))
      for (const item of items) if (item.kind === 'entry') found.push(item.row.key);
    expect(found).toEqual(['file']);
  }

  test.runIf(fs.existsSync('/proc/self/task'))(
    'end when they are idle, and are started again when there is work',
    async () => {
      fs.writeFileSync(path.join(fixture.root, 'file'), 'content');
      await work();
      const busy = threads();
      vi.advanceTimersByTime(60_000);
      await vi.waitFor(() => expect(threads()).toBeLessThan(busy));
      await work();
    },
  );
});
