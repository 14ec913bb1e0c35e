// Real input, two machines, a real S3 service; everything that s4 claims is asked of other programs.
import { appendFile, cp, mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { createChecks } from './support/checks.mjs';
import { edit } from './support/edits.mjs';
import { createMachine } from './support/machine.mjs';
import { makeRealFiles, write } from './support/real-files.mjs';
import { s3Tools } from './support/s3-tools.mjs';
import { findProgram, startServer } from './support/servers.mjs';

const USAGE = `node bench/real-input.mjs [--server seaweedfs|moto|both] [--files N] [--keep]

  --server  which S3 service; both by default, one after the other
  --files   at least so many files (20,000); moto gets a part of them
  --keep    leaves the folders
`;
const BUCKET = 'real-input';
const PREFIX = 'some/folder';
const EDITS_OF_A_KIND = 50;

async function main() {
  const { values } = parseArgs({
    options: {
      server: { type: 'string', default: 'both' },
      files: { type: 'string', default: '20000' },
      keep: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return process.stdout.write(USAGE);
  const servers = values.server === 'both' ? ['seaweedfs', 'moto'] : [values.server];
  const programs = ['rclone', 's5cmd', 'find', 'sha256sum', 'npm', ...servers.map((name) => PROGRAM[name])];
  const missing = programs.filter((name) => name === undefined || findProgram(name) === undefined);
  if (missing.length > 0) throw new Error(`not on PATH: ${missing.join(', ')}`);
  const root = await realpath(await mkdtemp(join(tmpdir(), 's4-real-input-')));
  const checks = createChecks();
  try {
    const input = join(root, 'input');
    const options = { atLeast: Number(values.files), scratch: join(root, 'packed'), say: checks.say };
    await checks.step('unpack packages', () => makeRealFiles(input, options));
    for (const name of servers) await onServer(name, join(root, name), input, checks, options);
  } finally {
    if (values.keep) checks.say(`left: ${root}`);
    else await rm(root, { recursive: true, force: true });
  }
  process.exitCode = checks.end();
}

const PROGRAM = { seaweedfs: 'weed', moto: 'moto_server' };
/**
 * moto copies the content of all objects in its memory whenever it is asked for the versions of one, and s4 asks after
 * each copy there: what moto claims of a copy's conditions does not hold. All the files would cost it 20 GB.
 */
const PARTS_FOR_MOTO = ['odd', 'packages/lodash', 'packages/rxjs'];
const FILES_FOR_MOTO = 3000;

async function onServer(name, root, input, checks, options) {
  const atLeast = name === 'moto' ? FILES_FOR_MOTO : options.atLeast;
  const parts = name === 'moto' ? PARTS_FOR_MOTO : ['.'];
  checks.title(name);
  const server = await startServer(name, join(root, 'server'));
  try {
    const tools = s3Tools({ endpoint: server.endpoint, home: root, bucket: BUCKET, prefix: PREFIX });
    const url = `s3://${BUCKET}/${PREFIX}`;
    const [a, b] = await Promise.all(
      ['laptop', 'desktop'].map((host) => createMachine(host, root, server.endpoint, checks)),
    );
    const run = { a, b, tools, url, checks };
    await checks.step('copy the input to laptop', async () => {
      for (const part of parts) await cp(join(input, part), join(a.folder, part), COPY);
    });
    await firstSyncs(run, atLeast);
    await editsOnBoth(run);
    await conflicts(run);
    await nothingToDo(run);
    await readByOthers(run);
    await writtenByOthers(run);
    await nothingToDo(run);
  } finally {
    await server.stop();
    await rm(join(root, 'server'), { recursive: true, force: true });
  }
}

const COPY = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true };

async function firstSyncs({ a, b, url, checks }, atLeast) {
  await a.s4('add', a.folder, url, '--create-bucket', '--enable-versioning', '--yes');
  const first = await a.sync();
  checks.check(`laptop uploaded at least ${atLeast} files`, first.uploaded >= atLeast, `${first.uploaded}`);
  // The desktop has something of its own, and a file that is the same already.
  await write(join(b.folder, 'only here/Ünique 🎈.txt'), 'from the desktop\n');
  await mkdir(join(b.folder, 'odd/order'), { recursive: true });
  await cp(join(a.folder, 'odd/order/a!'), join(b.folder, 'odd/order/a!'), COPY);
  await b.s4('add', b.folder, url, '--yes');
  const second = await b.sync();
  checks.check('desktop uploaded only its own file', second.uploaded === 1, `${second.uploaded}`);
  await a.sync();
  await checks.sameTrees(a, b);
}

async function editsOnBoth({ a, b, checks }) {
  const [onA, onB] = await checks.step('edit both folders', async () => [
    await edit(a.folder, { machine: 0, each: EDITS_OF_A_KIND }),
    await edit(b.folder, { machine: 1, each: EDITS_OF_A_KIND }),
  ]);
  const first = await a.sync();
  const second = await b.sync();
  await a.sync();
  for (const [name, { renamed }] of [
    [a.host, first],
    [b.host, second],
  ])
    checks.check(`${name} sent renames as renames`, renamed >= EDITS_OF_A_KIND * 0.9, `${renamed}`);
  const seenA = await checks.sameTrees(a, b);
  await editsArrived(a, onB, checks);
  await editsArrived(b, onA, checks);
  checks.say(`${seenA.contents.length} files after the edits`);
}

/** The edits of the other machine, looked at in this one's folder. */
async function editsArrived({ host, folder }, { modified, deleted, renamed, created }, checks) {
  const read = (path) => readFile(join(folder, path), 'utf8').catch(() => undefined);
  const lost = [];
  for (const path of modified)
    if (!(await read(path))?.includes('\nedited on machine ')) lost.push(`not modified: ${path}`);
  for (const path of [...deleted, ...renamed.map(({ from }) => from)])
    if ((await read(path)) !== undefined) lost.push(`not deleted: ${path}`);
  for (const path of [...created, ...renamed.map(({ to }) => to)])
    if ((await read(path)) === undefined) lost.push(`not there: ${path}`);
  checks.check(
    `every edit of the other machine arrived on ${host}`,
    lost.length === 0,
    lost.slice(0, 5).join('; '),
  );
}

async function conflicts({ a, b, checks }) {
  const path = 'odd/dots/..hidden..';
  await appendFile(join(a.folder, path), 'laptop\n');
  await appendFile(join(b.folder, path), 'desktop\n');
  await a.sync();
  const { keptBoth } = await b.sync();
  await a.sync();
  checks.check('a conflict kept both versions', keptBoth === 1, `${keptBoth}`);
  await checks.sameTrees(a, b);
}

async function nothingToDo({ a, b, tools, checks }) {
  // What the syncs before left to say of themselves is said by one more on each.
  for (const machine of [a, b]) await machine.sync();
  const before = await checks.step('list all versions', () => tools.versions());
  for (const machine of [a, b]) {
    const { requests } = await machine.sync();
    const writes = Object.keys(requests).filter((kind) => !/^(?:List|Get|Head|head|get|list)/.test(kind));
    checks.check(
      `a further sync on ${machine.host} writes nothing`,
      writes.length === 0,
      JSON.stringify(requests),
    );
  }
  const after = await checks.step('list all versions', () => tools.versions());
  checks.same('no new version in the bucket', before.versions, after.versions);
  checks.same('no object was written', before.objects, after.objects);
}

async function readByOthers({ a, tools, checks }) {
  const { contents, times, links } = await checks.plainFiles(a);
  const byRclone = await checks.step('rclone lsl', () => tools.rcloneFiles());
  const paths = [...contents, ...links].sort();
  checks.same('rclone lists the files', paths, [...byRclone.keys()].sort());
  const wrong = [...times].filter(([path, time]) => byRclone.get(path)?.time !== time);
  checks.check(
    `rclone shows the modification times to the microsecond (${times.size})`,
    wrong.length === 0,
    wrong
      .slice(0, 3)
      .map(([path, time]) => `${path} ${time} ${byRclone.get(path)?.time}`)
      .join('; '),
  );
  checks.same('s5cmd lists the files', paths, await checks.step('s5cmd ls', () => tools.s5cmdFiles()));
  const byAws = await checks.step('aws s3 ls', () => tools.awsFiles());
  if (byAws === undefined) checks.say('MISSING: aws is not on PATH; not asked');
  else checks.same('aws lists the files', paths, byAws);
  const checked = await checks.step('rclone check', () => tools.check(a.folder, links));
  checks.check('rclone check finds no differences', checked.code === 0, checked.stderr.slice(-500));
}

async function writtenByOthers({ a, b, tools, checks }) {
  await write(join(a.home, 'letter.txt'), 'by rclone\n');
  await tools.rclone(['copyto', join(a.home, 'letter.txt'), `${tools.place}/from rclone/letter ü.txt`]);
  await tools.rclone(['rcat', `${tools.place}/odd/order/a-b`], 'edited by rclone\n');
  await tools.rclone(['deletefile', `${tools.place}/odd/a+b/c%20d & e.txt`]);
  const { downloaded, deletedLocal } = await a.sync();
  checks.check('what rclone wrote and edited came down', downloaded === 2, `${downloaded}`);
  checks.check('what rclone deleted is deleted', deletedLocal === 1, `${deletedLocal}`);
  const letter = await readFile(join(a.folder, 'from rclone/letter ü.txt'), 'utf8').catch(String);
  checks.check('the file of rclone has its text', letter === 'by rclone\n', letter);
  const edited = await readFile(join(a.folder, 'odd/order/a-b'), 'utf8').catch(String);
  checks.check('the file edited by rclone has its text', edited === 'edited by rclone\n', edited);
  await b.sync();
  const seen = await checks.sameTrees(a, b);
  const links = seen.symlinks.map((line) => line.split(' -> ')[0].slice(2));
  const checked = await checks.step('rclone check', () => tools.check(b.folder, links));
  checks.check('rclone check finds no differences', checked.code === 0, checked.stderr.slice(-500));
}

await main();
