import process from 'node:process';
import { parseArgs } from 'node:util';
import { type FuzzReport, runTarget } from './runner.ts';
import type { FuzzTarget } from './target.ts';
import { TARGETS } from './targets.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '20000' },
    seed: { type: 'string' },
    target: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function chosen(): readonly FuzzTarget[] {
  const wanted = values.target;
  const unknown = wanted?.filter((name) => !TARGETS.some((target) => target.name === name)) ?? [];
  if (unknown.length > 0) throw new Error(`unknown targets: ${unknown.join(', ')}`);
  return wanted === undefined ? TARGETS : TARGETS.filter(({ name }) => wanted.includes(name));
}

function tell({ name, cases, elapsedMs, slowestMs, failures }: FuzzReport): void {
  const rate = Math.round((cases * 1000) / Math.max(1, elapsedMs));
  const numbers = [
    String(cases).padStart(8),
    `${(elapsedMs / 1000).toFixed(1).padStart(7)} s`,
    `${String(rate).padStart(7)}/s`,
    `slowest ${Math.round(slowestMs)} ms`,
  ];
  say(
    `${name.padEnd(12)}${numbers.join('  ')}  ${failures.length === 0 ? 'ok' : `${failures.length} FAILED`}`,
  );
  for (const { seed, error } of failures) {
    say(`  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    say(`  again: npm run fuzz -- --target ${name} --seed ${seed} --cases 1`);
  }
}

async function fuzz(): Promise<number> {
  if (values.help) {
    say('npm run fuzz -- [--cases N, in all] [--seed N] [--target NAME]...');
    for (const { name } of TARGETS) say(`  ${name}`);
    return 0;
  }
  const targets = chosen();
  const cases = Number(values.cases);
  const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
  if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isSafeInteger(seed))
    throw new Error('--cases and --seed are whole numbers');
  say(`seed ${seed}, Node ${process.versions.node}`);
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const reports: FuzzReport[] = [];
  for (const target of targets) {
    const report = await runTarget(target, { cases: Math.ceil((cases * target.share) / shares), seed });
    reports.push(report);
    tell(report);
  }
  const all = reports.reduce((sum, report) => sum + report.cases, 0);
  const elapsedMs = reports.reduce((sum, report) => sum + report.elapsedMs, 0);
  const failed = reports.reduce((sum, { failures }) => sum + failures.length, 0);
  say(`${all} cases in ${(elapsedMs / 1000).toFixed(0)} s, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await fuzz();
