// The protocol, checked exhaustively within bounds: `npm run model` (about three minutes), `npm run model -- --long` (an hour).
// Needs `spin` and a C compiler (Debian: apt-get install spin gcc). Broken variants must be refuted, or this fails.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const model = join(dirname(fileURLToPath(import.meta.url)), '../docs/model/s4.pml');
const { values } = parseArgs({ options: { long: { type: 'boolean', default: false } } });

const sound = (conditions, edits, faults, clients = 3) => ({
  name: `${conditions ? 'with' : 'without'} conditions, ${clients} clients, ${edits} edits, ${faults} faults`,
  defines: [`-DCONDITIONS=${conditions}`, `-DEDITS=${edits}`, `-DFAULTS=${faults}`, `-DCLIENTS=${clients}`],
  holds: true,
});
const LONG = [
  sound(1, 2, 2, 2),
  sound(0, 2, 2, 2),
  sound(1, 3, 1, 2),
  sound(0, 3, 1, 2),
  sound(1, 2, 1),
  sound(0, 2, 1),
];
const CASES = [
  { ...sound(1, 1, 1), name: 'with conditions, 1 edit, 1 fault: no endless run', cycles: true },
  { ...sound(0, 1, 1), name: 'without conditions, 1 edit, 1 fault: no endless run', cycles: true },
  sound(1, 1, 2),
  sound(0, 1, 2),
  sound(1, 2, 0),
  sound(0, 2, 0),
  sound(1, 2, 1, 2),
  sound(0, 2, 1, 2),
  {
    name: 'broken: nobody looks at what a write hid',
    defines: ['-DCONDITIONS=0', '-DEDITS=2', '-DFAULTS=0', '-DBLIND'],
  },
  { name: 'broken: the bell rings before the head', defines: ['-DEDITS=1', '-DFAULTS=0', '-DBELL_FIRST'] },
  ...(values.long ? LONG : []),
];

function need(program) {
  if (spawnSync(program, ['-V'], { stdio: 'ignore' }).error === undefined) return;
  console.error(`NOT CHECKED: ${program} is missing. On Debian: apt-get install spin gcc`);
  process.exit(1);
}

function check({ defines, cycles }) {
  const folder = mkdtempSync(join(tmpdir(), 's4-model-'));
  try {
    execFileSync('spin', ['-a', ...defines, model], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const kind = cycles === true ? '-DNP' : '-DSAFETY';
    execFileSync('gcc', ['-O2', '-w', kind, '-DCOLLAPSE', '-DMEMLIM=6000', '-o', 'pan', 'pan.c'], {
      cwd: folder,
    });
    // -E: clients that wait for ever are the aim; whether all is well then `Hour` asserts.
    const args = ['-m200000', '-E', ...(cycles === true ? ['-l'] : [])];
    return spawnSync('./pan', args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 }).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

need('spin');
need('gcc');
let failed = false;
for (const each of CASES) {
  const told = check(each);
  const errors = Number(/errors: (\d+)/.exec(told)?.[1] ?? Number.NaN);
  const states = Number(/(\d+(?:\.\d+)?(?:e\+\d+)?) states, stored/.exec(told)?.[1] ?? Number.NaN);
  const whole = !/max search depth too small|out of memory|memory limit/.test(told) && errors >= 0;
  const right = each.holds === true ? whole && errors === 0 : errors > 0;
  failed ||= !right;
  const verdict = errors > 0 ? 'refuted' : whole ? 'holds' : 'NOT FINISHED';
  console.log(`${right ? 'ok  ' : 'FAIL'} ${each.name}: ${verdict}, ${states} states`);
}
process.exitCode = failed ? 1 : 0;
