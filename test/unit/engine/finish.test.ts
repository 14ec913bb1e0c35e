import { describe, expect, it } from 'vitest';
import { rememberHalt } from '../../../src/engine/approval.ts';
import type { CycleOptions } from '../../../src/engine/cycle.ts';
import { finishCycle, tidy } from '../../../src/engine/finish.ts';
import type { Base } from '../../../src/engine/ports/base.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { sessionRoom } from '../../support/session-room.ts';

/** What follows the passes of a sync. */

const HOUR_MS = 60 * 60 * 1000;

async function room(trust: Base['trust'], options: Partial<CycleOptions> = {}) {
  const at = await sessionRoom();
  const { base } = at.here;
  const logged: Base = Object.assign(Object.create(base, { trust: { value: trust } }), {
    flush: async () => {
      at.steps.push('flush');
      await base.flush();
    },
    fold: async ({ force = false }: { readonly force?: boolean } = {}) => {
      at.steps.push(`fold ${force}`);
    },
  });
  const session = at.session({ base: logged, options });
  await rememberHalt(at.here.folder.state, []);
  const halted = () => at.here.disk.user.read('.s4/halted.json');
  return { ...at, session, halted };
}

describe('a cycle that ends', () => {
  it('makes the base durable, folds it where that is due, and says so', async () => {
    const { session, steps, told } = await room('sound');
    await finishCycle(session);
    expect(steps).toEqual(['flush', 'fold false']);
    expect(told()).toEqual(['index-flushed']);
  });

  it.each(['missing', 'lost', 'evidence'] as const)(
    'makes a base sound that was %s, once it has looked at everything both ways',
    async (trust) => {
      const fold = async (options: Partial<CycleOptions>) => {
        const { session, steps } = await room(trust, options);
        await finishCycle(session);
        return steps.at(-1);
      };
      expect(await fold({})).toBe('fold true');
      expect(await fold({ paths: [] })).toBe('fold true');
      // Rows of the rest may be missing: as a sound base it would prove deletions.
      expect(await fold({ paths: ['a' as RelPath] })).toBe('fold false');
      expect(await fold({ direction: 'up' })).toBe('fold false');
    },
  );

  it('uses up an approval, and keeps what was shown where none was used', async () => {
    const { session, halted } = await room('sound');
    await finishCycle(session);
    expect(halted()).toBeDefined();
    session.approvalUsed = true;
    await finishCycle(session);
    expect(halted()).toBeUndefined();
  });

  it('tells the others what is owed', async () => {
    const { session, steps, here } = await room('sound');
    await here.base.record({ cursor: { sequence: 0, unpublished: 1 } });
    await finishCycle(session);
    expect(steps).toEqual(['flush', 'fold false', 'store is ours', 'flush']);
    expect(here.server.keys()).toContain('.s4/bell');
  });
});

describe('tidying', () => {
  it('purges the trash of now, says what came back, and removes every temp file', async () => {
    const { session, here, told } = await room('sound');
    const asked: unknown[] = [];
    const deps = {
      ...session.deps,
      folder: {
        ...here.folder,
        purgeTrash: async (policy: object) => {
          asked.push(policy);
          return ['a', 'b'] as RelPath[];
        },
        cleanTemp: async (keep: ReadonlySet<string>) => void asked.push([...keep]),
      },
    };
    await tidy({ ...session, deps });
    expect(asked).toEqual([
      { olderThanMs: 30 * 24 * HOUR_MS, maxBytes: 10 * 1024 ** 3, nowMs: here.runtime.nowMs() },
      [],
    ]);
    expect(told()).toEqual([
      'recovered a: it was written to after it was replaced: it is back',
      'recovered b: it was written to after it was replaced: it is back',
    ]);
  });
});
