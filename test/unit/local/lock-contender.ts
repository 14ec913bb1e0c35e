import fs from 'node:fs';
import { openFolder } from '../../../src/local/open-folder.ts';
import { systemRuntime } from '../../../src/local/runtime.ts';

// A process that takes the lock again and again, and at last dies while it holds it. Bundled and run by lock.test.ts.
const [root = '', rounds = '1'] = process.argv.slice(2);
const folder = await openFolder({ root, runtime: systemRuntime() });
let overlaps = 0;
for (let round = 0; round < Number(rounds); round++) {
  const lock = await folder.lock({ waitMs: 30_000 });
  if (lock.kind !== 'locked') throw new Error(`${lock.kind}: ${lock.owner}`);
  try {
    fs.closeSync(fs.openSync(`${root}/held`, 'wx'));
    // Others get their turn to make the mistake.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    fs.unlinkSync(`${root}/held`);
  } catch {
    overlaps++;
  }
  if (round < Number(rounds) - 1) await lock.release();
}
process.stdout.write(`overlaps ${overlaps}\n`);
process.exit(0);
