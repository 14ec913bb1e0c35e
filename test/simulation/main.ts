import process from 'node:process';
import { parseArgs } from 'node:util';
import { CONFIG_NAMES, type ConfigName, isConfigName } from './configs.ts';
import { type RunReport, simulate } from './run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    step: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1' },
    config: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'max-seconds': { type: 'string', default: '0' },
  },
});

function configFor(seed: number): ConfigName {
  const named = values.config;
  if (named !== undefined) {
    if (!isConfigName(named)) throw new Error(`no such config: ${named} (${CONFIG_NAMES.join(', ')})`);
    return named;
  }
  return CONFIG_NAMES[seed % CONFIG_NAMES.length] ?? 'full';
}

function write(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** One line of JSON for each failure, and one for the sums every so often: `scripts/sim.mjs` reads them. */
async function runMany(): Promise<void> {
  const until = Number(values['max-seconds']) * 1000;
  const started = performance.now();
  let batch: RunReport[] = [];
  const flush = (): void => {
    const faults: Record<string, number> = {};
    for (const report of batch) {
      for (const [name, count] of report.faults) faults[name] = (faults[name] ?? 0) + count;
    }
    const sum = (of: (report: RunReport) => number): number => batch.reduce((total, r) => total + of(r), 0);
    write({
      kind: 'sums',
      runs: batch.length,
      steps: sum((r) => r.steps),
      cycles: sum((r) => r.cycles),
      contents: sum((r) => r.contents),
      hidden: sum((r) => r.hidden),
      rounds: Math.max(0, ...batch.map((r) => r.rounds)),
      faults,
    });
    batch = [];
  };
  for (let i = 0; i < Number(values.runs); i++) {
    const seed = Number(values.from) + i * Number(values.step);
    const report = await simulate({ seed, config: configFor(seed) });
    batch.push(report);
    if (report.violations.length > 0) {
      write({ kind: 'failure', seed, config: report.config, violations: report.violations });
    }
    if (batch.length === 100) flush();
    if (until > 0 && performance.now() - started > until) break;
  }
  flush();
}

/** One run, told in full, twice: the second must be the first again. */
async function runOne(seed: number): Promise<void> {
  const config = configFor(seed);
  const listen = values.trace ? { listen: (line: string) => void process.stdout.write(`${line}\n`) } : {};
  const report = await simulate({ seed, config, ...listen });
  const again = await simulate({ seed, config });
  const { violations, faults, ...rest } = report;
  process.stdout.write(`${JSON.stringify({ ...rest, faults: Object.fromEntries(faults) }, null, 1)}\n`);
  if (again.traceHash !== report.traceHash) process.stdout.write('NOT REPEATABLE: the second run differs\n');
  for (const violation of violations) process.stdout.write(`VIOLATION ${violation}\n`);
  process.exitCode = violations.length > 0 || again.traceHash !== report.traceHash ? 1 : 0;
}

if (values.seed === undefined) await runMany();
else await runOne(Number(values.seed));
