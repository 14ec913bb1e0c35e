import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LockOwner, ownerState, parseOwner, thisOwner } from '../../../src/lib/lock-owner.ts';
import { type DiskFixture, diskFixture } from './disk-fixture.ts';

const run = promisify(execFile);
/** Above what Linux gives out. */
const NO_PID = 2 ** 22 + 1;

let fixture: DiskFixture;
beforeEach(async () => {
  fixture = await diskFixture();
  await fixture.folder.state.replace('x', []);
});
afterEach(() => fixture.dispose());
const at = (name: string) => path.join(fixture.root, '.s4', name);
const leave = (number: number, owner: Partial<LockOwner>) =>
  fs.writeFileSync(at(`lock.${number}`), JSON.stringify({ ...thisOwner('laptop'), ...owner }));
const locks = () => fs.readdirSync(at('')).filter((name) => name.startsWith('lock.'));

test('a dead owner is followed under the next number, and cleared away', async () => {
  leave(3, { pid: NO_PID });
  const lock = await fixture.folder.lock({ waitMs: 0 });
  expect(lock.kind).toBe('locked');
  expect(locks()).toEqual(['lock.4']);
  if (lock.kind !== 'locked') return;
  await lock.release();
  await lock.release();
  expect(locks()).toEqual([]);
});

test('who comes late to the next number looks again, and steps back from an owner it had not seen', async () => {
  leave(3, { pid: NO_PID });
  let links = 0;
  const late = await fixture.reopen({
    sys: {
      link: (from, to) => {
        // Meanwhile others held and released the lock, cleared it away, and one took it anew.
        if (links++ === 0) {
          fs.unlinkSync(at('lock.3'));
          leave(1, {});
        }
        fs.linkSync(from, to);
      },
    },
  });
  expect(await late.lock({ waitMs: 0 })).toMatchObject({ kind: 'busy', foreignHost: false });
  expect(links).toBe(1);
  expect(locks()).toEqual(['lock.1']);
  await late.close();
});

test('what was let go of while the folder was away is free when it is back', async () => {
  const away = `${fixture.root}.away`;
  const first = await fixture.folder.lock({ waitMs: 0 });
  fs.renameSync(fixture.root, away);
  if (first.kind === 'locked') await first.release();
  fs.renameSync(away, fixture.root);
  expect(locks()).toEqual(['lock.1']);
  expect((await fixture.folder.lock({ waitMs: 0 })).kind).toBe('locked');
  expect((await fixture.folder.lock({ waitMs: 0 })).kind).toBe('busy');
});

test('an owner on another machine is never judged dead', async () => {
  leave(1, { host: 'elsewhere', name: 'nas', pid: NO_PID });
  expect(await fixture.folder.lock({ waitMs: 0 })).toEqual({
    kind: 'busy',
    owner: `process ${NO_PID} on nas`,
    foreignHost: true,
  });
  expect(locks()).toEqual(['lock.1']);
});

test('a record that cannot be read is respected', async () => {
  fs.writeFileSync(at('lock.1'), '{"version":1,"ho');
  expect(await fixture.folder.lock({ waitMs: 0 })).toMatchObject({ kind: 'busy', foreignHost: true });
});

test('waiting ends when the lock is released, or with the signal', async () => {
  const later = await fixture.reopen();
  const first = await fixture.folder.lock({ waitMs: 0 });
  const abort = new AbortController();
  const reason = new Error('enough');
  const hopeless = later.lock({ waitMs: 60_000, signal: abort.signal });
  abort.abort(reason);
  await expect(hopeless).rejects.toBe(reason);
  const waiting = later.lock({ waitMs: 60_000 });
  if (first.kind === 'locked') await first.release();
  expect((await waiting).kind).toBe('locked');
  await later.close();
});

test('owners are told apart by host, boot, process and its start', () => {
  const me = thisOwner('laptop');
  expect(ownerState(me, me)).toBe('alive');
  expect(ownerState({ ...me, pid: NO_PID }, me)).toBe('dead');
  expect(ownerState({ ...me, boot: 'another' }, me)).toBe('dead');
  expect(ownerState({ ...me, processStart: '1' }, me)).toBe('dead');
  expect(ownerState({ ...me, host: 'another' }, me)).toBe('foreign');
  expect(ownerState({ ...me, machine: 'another', boot: 'another' }, me)).toBe('foreign');
  expect(ownerState({ ...me, pidNamespace: 'another', pid: NO_PID }, me)).toBe('foreign');
  expect(parseOwner(JSON.stringify(me))).toEqual(me);
  for (const text of ['', 'null', '{}', '{"version":2,"host":"a","pid":1}'])
    expect(parseOwner(text)).toBeUndefined();
});

test('processes that race over a stale lock never hold it at once, though each dies holding it', async () => {
  const script = path.join(fixture.root, '.s4', 'contender.mjs');
  await build({
    entryPoints: ['test/unit/local/lock-contender.ts'],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  leave(1, { pid: NO_PID });
  const contenders = Array.from({ length: 5 }, () => run(process.execPath, [script, fixture.root, '6']));
  const outputs = (await Promise.all(contenders)).map(({ stdout }) => stdout);
  expect(outputs).toEqual(Array(5).fill('overlaps 0\n'));
  expect((await fixture.folder.lock({ waitMs: 0 })).kind).toBe('locked');
});
