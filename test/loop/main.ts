import process from 'node:process';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { createDaemonWorld, type DaemonMachine } from '../support/daemon-world.ts';
import { seededRandom } from '../support/fake-runtime.ts';

/** What the cycles of one daemon did, by their events. */
interface Done {
  up: number;
  down: number;
  problems: number;
}

const FILES_EACH = 1_000;
const EDITS_A_ROUND = 500;
const ROUND_MS = 5_000;
const HOUR_MS = 3_600_000;

const { values } = parseArgs({
  options: { edits: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const wanted = Number(values.edits);
const random = seededRandom(Number(values.seed));
const world = createDaemonWorld();
const sides = [
  { name: 'a', machine: await world.machine('a'), done: { up: 0, down: 0, problems: 0 }, edits: 0 },
  { name: 'b', machine: await world.machine('b'), done: { up: 0, down: 0, problems: 0 }, edits: 0 },
];

/** Counted and let go: a run makes millions of events. */
function take({ events }: DaemonMachine, done: Done): void {
  for (const event of events) {
    if (event.kind !== 'sync') continue;
    if (event.event.kind === 'problem') done.problems++;
    if (event.event.kind === 'operation-finished' && event.event.outcome === 'done')
      done[event.event.operation.direction]++;
  }
  events.length = 0;
}

async function writes(): Promise<number> {
  let sum = 0;
  for (const { machine } of sides)
    for (const [kind, count] of Object.entries((await machine.status()).requests))
      if (!['GET', 'HEAD', 'LIST'].includes(kind)) sum += count;
  return sum;
}

/** Each writes below its own folder, no file twice in a round: every edit is one that its daemon sees. */
function edit(round: number): void {
  for (const side of sides) {
    const first = random(FILES_EACH);
    for (let i = 0; i < EDITS_A_ROUND / 2; i++) {
      const path = `${side.name}/${(first + i) % FILES_EACH}.txt`;
      side.machine.edit(path, (user) => user.write(path, `round ${round}, ${random(1_000_000)}`));
      side.edits++;
    }
  }
}

await world.pass(60_000);
const began = performance.now();
for (let round = 0; round * EDITS_A_ROUND < wanted; round++) {
  edit(round);
  await world.pass(ROUND_MS);
  for (const { machine, done } of sides) take(machine, done);
  if (round % 20 === 19) process.stderr.write(`${(round + 1) * EDITS_A_ROUND} edits\n`);
}
await world.pass(HOUR_MS / 4);
for (const { machine, done } of sides) take(machine, done);
const atRest = await writes();
await world.pass(HOUR_MS);
for (const { machine, done } of sides) take(machine, done);
const afterRest = (await writes()) - atRest;
const [a, b] = sides;
if (a === undefined || b === undefined) throw new Error('two machines are needed');
const isEqual = isDeepStrictEqual(a.machine.user.tree(), b.machine.user.tree());
const report = {
  edits: a.edits + b.edits,
  uploads: a.done.up + b.done.up,
  downloads: a.done.down + b.done.down,
  problems: a.done.problems + b.done.problems,
  writesInTheHourAfter: afterRest,
  equal: isEqual,
  requests: Object.fromEntries(
    await Promise.all(sides.map(async ({ name, machine }) => [name, (await machine.status()).requests])),
  ),
  seconds: Math.round((performance.now() - began) / 1000),
};
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
const isOneEach = [a, b].every(({ edits, done }) => done.up === edits);
const isHeard = a.done.down === b.edits && b.done.down === a.edits;
await world.stop();
process.exitCode = isOneEach && isHeard && isEqual && afterRest === 0 && report.problems === 0 ? 0 : 1;
