// The demo: two machines and one store, played with the built program, and checked by hashes that share no code with it.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { DemoFailure, expect, expectSame, lookAt } from './demo/evidence.mjs';
import { makeFiles, makePhotos } from './demo/files.mjs';
import { CLI, createMachine, runShell } from './demo/machine.mjs';
import { bucketPlace, directoryPlace } from './demo/places.mjs';
import { createStage } from './demo/stage.mjs';

const USAGE = `npm run demo -- [--keep] [--url s3://bucket/prefix [--endpoint URL]]

  --keep      leaves the folders (and the objects) for you to try things in
  --url       uses your own bucket, under a prefix that must be empty; credentials as the AWS tools find them
  --endpoint  an S3 service beside AWS
`;
const PHOTOS = 12;
const PHOTO_BYTES = 300_000;
const RATE = '1200K';

function readFlags() {
  const options = {
    keep: { type: 'boolean' },
    url: { type: 'string' },
    endpoint: { type: 'string' },
    help: { type: 'boolean' },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new DemoFailure(`${error.message}\n\n${USAGE}`, { cause: error });
  }
}

async function main() {
  const values = readFlags();
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const startedMs = Date.now();
  const bucket = values.url === undefined ? undefined : await bucketPlace(values.url, values.endpoint);
  const root = await realpath(await mkdtemp(join(tmpdir(), 's4-demo-')));
  process.once('SIGINT', () => {
    process.stderr.write(`\ndemo: interrupted; ${root} is left\n`);
    process.exit(130);
  });
  const stage = createStage(root);
  const place = bucket ?? directoryPlace(root);
  const play = {
    stage,
    place,
    laptop: await createMachine('laptop', join(root, 'laptop'), stage),
    desktop: await createMachine('desktop', join(root, 'desktop'), stage),
  };
  stage.sayAsIs(`Two machines, a laptop and a desktop, and one store: ${values.url ?? 'a plain directory'}.`);
  stage.sayAsIs(`Each command is really run, in ${root} (below: …).`);
  try {
    for (const act of [first, second, edits, conflict, killed, halted, fromTrash, plainFiles])
      await act(play);
  } catch (error) {
    stage.sayAsIs(`Look at what is there: ${root}${values.url === undefined ? '' : ` and ${values.url}`}`);
    throw error;
  }
  stage.say('');
  stage.say(`All of it was true. ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  await leave(play, root, values.keep === true);
}

async function first({ stage, place, laptop }) {
  await mkdir(laptop.folder);
  await makeFiles(laptop.folder);
  const made = [...(await lookAt(laptop.folder)).values()];
  expect(
    made.filter(({ kind }) => kind !== 'empty folder').length >= 20,
    'The demo has fewer than 20 files.',
  );
  stage.act(
    `The laptop has a folder of ${made.length} entries: texts, binaries, a script, a symlink, an empty folder`,
  );
  await laptop.s4(['add', '~/docs', place.url, ...place.addFlags, '--yes']);
  await laptop.s4(['sync']);
  await checkAll({ stage, place, machines: [laptop] });
}

async function second({ stage, place, laptop, desktop }) {
  stage.act('The desktop joins, with a folder that does not exist yet');
  const flags = place.addFlags.filter((flag) => flag !== '--create-bucket');
  await desktop.s4(['add', '~/docs', place.url, ...flags, '--create-folder', '--yes'], { lines: 3 });
  await desktop.s4(['sync'], { lines: 4 });
  await checkAll({ stage, place, machines: [laptop, desktop] });
  const again = await desktop.s4(['sync']);
  expect(again.includes('Nothing to update'), 'A second sync of equal sides found something to do.');
}

async function edits({ stage, place, laptop, desktop }) {
  stage.act('Both create, edit, rename and delete');
  await laptop.shell('echo "call mum" >> notes/todo.txt');
  await laptop.shell('mv pictures/cat.png pictures/tiger.png');
  await laptop.shell('rm notes/old.txt');
  await desktop.shell('echo "from the desktop" > letters/new.txt');
  await desktop.shell('chmod +x code/a.out');
  await laptop.s4(['sync']);
  await desktop.s4(['status'], { lines: 8 });
  await desktop.s4(['sync'], { lines: 8 });
  await laptop.s4(['sync']);
  const all = await checkAll({ stage, place, machines: [laptop, desktop] });
  expect(all.has('pictures/tiger.png') && !all.has('pictures/cat.png'), 'The rename was not taken over.');
  expect(
    all.has('letters/new.txt') && !all.has('notes/old.txt'),
    'A new or a deleted file was not taken over.',
  );
  expect(all.get('code/a.out').kind === 'executable', 'The executable bit was not taken over.');
}

async function conflict({ stage, place, laptop, desktop }) {
  stage.act('Both edit the same file: nobody loses');
  await laptop.shell('echo "Monday: beach" > notes/plan.txt');
  await desktop.shell('echo "Monday: mountains" > notes/plan.txt');
  await laptop.s4(['sync'], { lines: 4 });
  await desktop.s4(['sync'], { lines: 6 });
  await laptop.s4(['sync'], { lines: 4 });
  await laptop.shell('head notes/plan*');
  const all = await checkAll({ stage, place, machines: [laptop, desktop] });
  const plans = [...all.keys()].filter((path) => path.startsWith('notes/plan'));
  const texts = await Promise.all(plans.map((path) => readFile(join(laptop.folder, path), 'utf8')));
  const expected = ['Monday: beach\n', 'Monday: mountains\n'];
  expect(texts.sort().join() === expected.join(), 'One of the two versions is gone.');
}

async function killed({ stage, place, laptop, desktop }) {
  stage.act('kill -9 in the middle, on both machines');
  const photos = await makePhotos(laptop.folder, PHOTOS, PHOTO_BYTES);
  const wanted = await lookAt(laptop.folder);
  stage.say(`The laptop has ${PHOTOS} new photos; uploads are slowed down so that there is a middle.`);
  const arrived = async (paths) => photos.filter((path) => paths.has(path)).length;
  const inStore = async () => arrived(await place.paths());
  await laptop.s4Killed(['sync', '--limit-up', RATE], async () => (await inStore()) >= 3);
  const stored = await inStore();
  expect(
    stored >= 3 && stored < PHOTOS,
    `The kill did not land in the middle: ${stored} photos are in the store.`,
  );
  stage.checked(`it landed: ${stored} of ${PHOTOS} photos are in the store`);
  await laptop.s4(['sync'], { lines: 3 });
  await checkAll({ stage, place, machines: [laptop], wanted });

  const isHere = (path) => existsSync(join(desktop.folder, path));
  const here = () => photos.filter(isHere).length;
  await desktop.s4Killed(['sync', '--limit-down', RATE], async () => here() >= 3);
  const placed = here();
  expect(
    placed >= 3 && placed < PHOTOS,
    `The kill did not land in the middle: ${placed} photos are on the desktop.`,
  );
  const half = await lookAt(desktop.folder);
  for (const [path, { sha256 }] of half)
    expect(wanted.get(path)?.sha256 === sha256, `${path} is only half there on the desktop.`);
  stage.checked(`it landed: ${placed} of ${PHOTOS} photos are on the desktop, each of them whole`);
  await desktop.s4(['sync'], { lines: 3 });
  await checkAll({ stage, place, machines: [laptop, desktop], wanted });
}

async function halted({ stage, place, laptop, desktop }) {
  stage.act('More than half of the files vanish: s4 stops and asks');
  const before = await place.look();
  await laptop.shell('rm -r photos code');
  const plan = await laptop.s4(['sync'], { exit: 5, lines: 5 });
  expectSame('the store before', before, 'the store after', await place.look());
  stage.checked('nothing was deleted in the store');
  const wanted = await lookAt(laptop.folder);
  await laptop.s4(['sync', '--approve', planId(plan)], { lines: 4 });
  await checkAll({ stage, place, machines: [laptop], wanted });
  stage.say('The desktop asks as well: an approval counts where it was given.');
  const there = await desktop.s4(['sync'], { exit: 5, lines: 3 });
  await desktop.s4(['sync', '--approve', planId(there)], { lines: 4 });
  await checkAll({ stage, place, machines: [laptop, desktop], wanted });
}

function planId(text) {
  const id = /--approve ([0-9a-f]+)/.exec(text)?.[1];
  expect(id !== undefined, 'The halted sync shows no plan id.');
  return id;
}

async function fromTrash({ stage, place, laptop, desktop }) {
  stage.act('One photo was a mistake: what s4 deletes here goes to .s4/trash');
  await desktop.shell('mkdir photos && cp -p .s4/trash/*/photos/photo-07.jpg photos/');
  await desktop.s4(['sync'], { lines: 4 });
  await laptop.s4(['sync'], { lines: 4 });
  const all = await checkAll({ stage, place, machines: [laptop, desktop] });
  expect(all.has('photos/photo-07.jpg'), 'The photo is not back.');
}

async function plainFiles({ stage, place }) {
  stage.act('The store holds plain files, for any other tool');
  if (place.directory !== undefined) {
    await runShell('store', "find . -type f -not -path './.s4/*' | sort", { cwd: place.directory, stage });
    return;
  }
  stage.say(`Listed with the AWS SDK, below ${place.url}/ (without .s4/):`);
  stage.output([...(await place.paths())].sort().join('\n'), 40);
}

/** The machines and the store hold the same; and, if it is known, what they should. */
async function checkAll({ stage, place, machines, wanted }) {
  const [one, ...others] = machines;
  const here = await lookAt(one.folder);
  for (const other of others) expectSame(one.name, here, other.name, await lookAt(other.folder));
  if (wanted !== undefined) expectSame('what was made', wanted, one.name, here);
  // A symlink is an object like any other: its text.
  const asStored = new Map(
    [...here].map(([path, seen]) => [path, seen.kind === 'symlink' ? { ...seen, kind: 'file' } : seen]),
  );
  expectSame(one.name, asStored, 'the store', await place.look());
  const names = [...machines.map(({ name }) => name), 'store'];
  stage.checked(
    `${names.slice(0, -1).join(', ')} and ${names.at(-1)} hold the same ${here.size} entries, by SHA-256`,
  );
  return here;
}

async function leave({ stage, place, laptop, desktop }, root, keep) {
  if (!keep) {
    const made = [...(await lookAt(laptop.folder)).keys()];
    for (const line of await place.cleanUp(made)) stage.sayAsIs(line);
    await rm(root, { recursive: true });
    stage.sayAsIs('To try it yourself: npm run demo -- --keep');
    return;
  }
  stage.sayAsIs('Try it:');
  for (const { name, folder, env } of [laptop, desktop])
    stage.sayAsIs(`  cd ${folder} && S4_CONFIG_DIR=${env.S4_CONFIG_DIR} S4_HOST=${name} node ${CLI} sync`);
  stage.sayAsIs(`When you are done: rm -r ${root}`);
  if (place.directory === undefined) stage.sayAsIs(`The objects below ${place.url} are left as well.`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof DemoFailure)) throw error;
  process.stderr.write(`demo: ${error.message}\n`);
  process.exitCode = 1;
}
