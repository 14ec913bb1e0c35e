// How long s4 takes beside rclone and s5cmd, for the same work against the same S3 service in the same run.
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { contenders } from './support/contenders.mjs';
import { startCountingProxy } from './support/counting-proxy.mjs';
import { createMeter } from './support/measure.mjs';
import { createResults } from './support/results.mjs';
import { SCENARIOS } from './support/scenarios.mjs';
import { findProgram, startServer } from './support/servers.mjs';

const USAGE = `npm run bench -- [--quick] [--only NAME] [--rounds N] [--keep]

  --quick   a tenth of the size
  --only    one of: ${Object.keys(SCENARIOS).join(', ')}; may be repeated
  --rounds  each work so many times, in another order each time; the median counts (3)
  --keep    leaves the folders

Needs weed (SeaweedFS) on PATH; rclone, s5cmd and GNU time are used when they are there.
`;
const BUCKET = 'bench';

async function main() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: Object.keys(SCENARIOS) },
      rounds: { type: 'string', default: '3' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return process.stdout.write(USAGE);
  const unknown = values.only.filter((name) => SCENARIOS[name] === undefined);
  if (unknown.length > 0) throw new Error(`no such scenario: ${unknown.join(', ')}\n\n${USAGE}`);
  const say = (line) => process.stderr.write(`${line}\n`);
  if (findProgram('time') === undefined) say('MISSING: GNU time is not on PATH; no peak memory');
  const root = await realpath(await mkdtemp(join(tmpdir(), 's4-bench-')));
  await mkdir(join(root, 's5cmd-home'));
  await mkdir(join(root, 'rclone-home'));
  const server = await startServer('seaweedfs', join(root, 'server'));
  const proxy = await startCountingProxy(server.endpoint);
  try {
    let endpoint = server.endpoint;
    const deps = { bucket: BUCKET, root, meter: createMeter(root), say, endpoint: () => endpoint };
    const programs = contenders(deps);
    const results = createResults();
    const bench = {
      root,
      say,
      programs,
      results,
      server,
      proxy,
      scale: values.quick ? 0.1 : 1,
      rounds: Number(values.rounds),
      /** Sends the programs that ask for it anew each time through the proxy, or straight again. */
      reachBy: (to) => {
        endpoint = to;
      },
    };
    await makeBucket(bench);
    for (const name of new Set(values.only)) {
      say(`== ${name}`);
      await SCENARIOS[name](bench);
    }
    process.stdout.write(results.markdown());
  } finally {
    await proxy.stop();
    await server.stop();
    if (values.keep) say(`left: ${root}`);
    else await rm(root, { recursive: true, force: true });
  }
}

/** The bucket keeps versions for every program, as s4 asks for. */
async function makeBucket({ root, programs }) {
  const s4 = programs.find(({ name }) => name === 's4');
  await s4.prepare(join(root, 'first'), 'first');
}

await main();
