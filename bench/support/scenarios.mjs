// What is measured. A work is done by each program in turn, in another order each round.
import { randomBytes } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { changeOneFile, emptyFolder } from './contenders.mjs';
import { succeed } from './programs.mjs';
import { filesBelow, write } from './real-files.mjs';
import { bytesWritten, lookAtState } from './state-bytes.mjs';

const SMALL_BYTES = 4096;
const FILES_IN_A_FOLDER = 100;
const PARALLEL_WRITES = 16;
const CHUNK_BYTES = 16 * 1024 * 1024;

export const SCENARIOS = {
  small: (bench) =>
    upAndDown(bench, `${count(10_000, bench)} x 4 KiB`, (folder) => makeSmall(folder, 10_000 * bench.scale)),
  large: (bench) =>
    upAndDown(bench, `${Math.round(1024 * bench.scale)} MiB in one file`, (folder) =>
      makeLarge(join(folder, 'large.bin'), Math.round(1024 * bench.scale) * 1024 * 1024),
    ),
  many: (bench) => manyFiles(bench),
};

function count(full, { scale }) {
  return (full * scale).toLocaleString('en-US');
}

async function upAndDown(bench, what, make) {
  const { root, rounds } = bench;
  const programs = bench.programs.filter(({ up }) => up !== undefined);
  const source = join(root, 'source');
  await emptyFolder(source);
  await make(source);
  const expected = await contentOf(source);
  for (let round = 0; round < rounds; round++) {
    for (const program of inTurn(programs, round)) {
      // s4 keeps state in the folder: each round and program has a place of its own, and s4 a fresh machine.
      const place = `${what.replace(/\W+/g, '-')}-${program.name}-${round}`.toLowerCase();
      const from = join(root, 'up');
      await emptyFolder(from);
      await emptyFolder(`${from}.home`);
      await succeed('cp', ['-al', `${source}/.`, from], { env: process.env });
      await program.prepare(from, place);
      report(bench, `upload ${what}`, program, await program.up(from, place));
      const to = join(root, 'down');
      await emptyFolder(to);
      await emptyFolder(`${to}.home`);
      await program.prepare(to, place);
      report(bench, `download ${what}`, program, await program.down(to, place));
      requireSame(expected, await contentOf(to), program);
    }
  }
}

async function manyFiles(bench) {
  const { root, programs, rounds, say } = bench;
  const what = count(100_000, bench);
  const folders = new Map();
  for (const program of programs) {
    const folder = join(root, `many-${program.name.replace(' ', '-')}`);
    await emptyFolder(folder);
    await makeSmall(folder, 100_000 * bench.scale, 256);
    const place = `many-${program.name.replace(' ', '-')}`;
    folders.set(program, { folder, place });
    await seed(program, bench, folder, place);
  }
  for (let round = 0; round < rounds; round++) {
    for (const program of inTurn(programs, round)) {
      const { folder, place } = folders.get(program);
      report(bench, `no change among ${what}`, program, await program.sync(folder, place));
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const program of inTurn(programs, round)) {
      const { folder, place } = folders.get(program);
      await changeOneFile(join(folder, 'd0/f0'));
      report(bench, `one change among ${what}`, program, await program.sync(folder, place));
    }
  }
  say('through a counting proxy:');
  for (const program of programs) await countBytes(bench, what, program, folders.get(program));
}

/** First uploads that are not measured; of what cannot go one way, by rclone. */
async function seed(program, { programs, say }, folder, place) {
  const by = program.up === undefined ? programs.find(({ name }) => name === 'rclone') : program;
  if (by === undefined) throw new Error(`${program.name} needs rclone`);
  if (by === program) await program.prepare(folder, place);
  const { wallS } = await by.up(folder, place);
  if (by !== program) await program.prepare(folder, place);
  say(`${program.name}: first upload in ${wallS.toFixed(1)} s`);
}

async function countBytes(bench, what, program, { folder, place }) {
  const { server, proxy, results } = bench;
  bench.reachBy(proxy.endpoint);
  await program.redirect?.(folder, proxy.endpoint);
  try {
    for (const [work, change] of [
      [`no change among ${what}`, undefined],
      [`one change among ${what}`, join(folder, 'd0/f0')],
    ]) {
      if (change !== undefined) await changeOneFile(change);
      const before = program.name === 's4' ? await lookAtState(folder) : undefined;
      proxy.take();
      await program.sync(folder, place);
      const bytes = proxy.take();
      const stateBytes = before === undefined ? undefined : bytesWritten(before, await lookAtState(folder));
      results.bytes(work, program.name, { ...bytes, stateBytes });
    }
  } finally {
    bench.reachBy(server.endpoint);
    await program.redirect?.(folder, server.endpoint);
  }
}

function report({ results, say }, work, { name }, measured) {
  results.add(work, name, measured);
  say(`${work}, ${name}: ${measured.wallS.toFixed(2)} s`);
}

function inTurn(programs, round) {
  const first = round % programs.length;
  return [...programs.slice(first), ...programs.slice(0, first)];
}

async function makeSmall(folder, files, sizeBytes = SMALL_BYTES) {
  for (let at = 0; at < files; at += PARALLEL_WRITES) {
    const batch = Array.from({ length: Math.min(PARALLEL_WRITES, files - at) }, (_, i) => at + i);
    await Promise.all(
      batch.map((i) =>
        write(
          join(folder, `d${Math.floor(i / FILES_IN_A_FOLDER)}/f${i % FILES_IN_A_FOLDER}`),
          randomBytes(sizeBytes),
        ),
      ),
    );
  }
}

async function makeLarge(path, sizeBytes) {
  const file = await open(path, 'w');
  try {
    for (let at = 0; at < sizeBytes; at += CHUNK_BYTES)
      await file.write(randomBytes(Math.min(CHUNK_BYTES, sizeBytes - at)));
  } finally {
    await file.close();
  }
}

/** How many files and bytes; the programs verify contents themselves, this catches work that was not done. */
async function contentOf(folder) {
  const files = await filesBelow(folder);
  let bytes = 0;
  for (const path of files) bytes += (await stat(join(folder, path))).size;
  return `${files.length} files, ${bytes} bytes`;
}

function requireSame(expected, found, { name }) {
  if (expected !== found) throw new Error(`${name} brought ${found}, not ${expected}`);
}
