import process from 'node:process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createWorld, type Machine } from '../../support/machines.ts';

/** Lines that nobody edits part those of the machines: two edits never touch, and every merge is clean. */
const OWNERS = 3;
const LINES_EACH = 2;

const act = fc.record({
  who: fc.nat(OWNERS - 1),
  what: fc.constantFrom('edit', 'edit', 'sync', 'sync', 'touch'),
  line: fc.nat(LINES_EACH - 1),
});

it('edits of one text by three machines all come together, by merges alone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 24 }), async (acts) => {
      const world = createWorld();
      const machines: Machine[] = [];
      for (let i = 0; i < OWNERS; i++) machines.push(await world.machine(`m${i}`));
      const written = Array.from({ length: OWNERS * LINES_EACH }, (_, i) => `line ${i}`);
      const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n--\n`).join('');
      const sync = async (machine: Machine): Promise<void> => {
        await machine.sync({ conflicts: 'merge' });
      };
      machines[0]?.user.write('f.txt', textOf(written));
      for (const machine of machines) await sync(machine);

      for (const [turn, { who, what, line }] of acts.entries()) {
        const machine = machines[who] as Machine;
        world.tick(5000);
        if (what === 'sync') await sync(machine);
        const at = who * LINES_EACH + line;
        const lines = (machine.user.read('f.txt') ?? '').split('\n--\n').slice(0, -1);
        if (what === 'edit') lines[at] = written[at] = `turn ${turn} of m${who}`;
        if (what !== 'sync') machine.user.write('f.txt', textOf(lines));
      }
      for (let round = 0; round < OWNERS + 1; round++) for (const machine of machines) await sync(machine);
      for (const machine of machines) expect(machine.user.tree()).toEqual({ 'f.txt': textOf(written) });
    }),
    { numRuns: process.env['S4_FULL'] === '1' ? 500 : 15 },
  );
}, 600_000);
