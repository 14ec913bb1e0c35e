import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { canAnchor } from '../../../src/local/anchor.ts';
import { createFsClock, isRacy, isRacyPlaced } from '../../../src/local/fs-clock.ts';
import { createHashBuffer, hashEntry } from '../../../src/local/hash-core.ts';
import { createSys } from '../../../src/local/sys.ts';
import { relPath } from '../../contract/folder-contract.ts';
import { buildWorkers, type DiskFixture, diskFixture } from './disk-fixture.ts';

let workers: Awaited<ReturnType<typeof buildWorkers>>;
beforeAll(async () => {
  workers = await buildWorkers();
});
afterAll(() => workers.dispose());

describe.each([
  ['in this thread', false],
  ['in workers', true],
])('hashing %s', (_name, threaded) => {
  let fixture: DiskFixture;
  beforeEach(async () => {
    fixture = await diskFixture(threaded ? { workerUrl: workers.url } : {});
  });
  afterEach(() => fixture.dispose());

  test('a thousand requests of one tick are each answered with their own file', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `d${i % 7}/f${i}`);
    for (const name of names) await fixture.user.write(name, `content of ${name}`);
    const outcomes = await Promise.all(names.map((name) => fixture.folder.hash({ path: relPath(name) })));
    const expected = names.map((name) => createHash('sha256').update(`content of ${name}`).digest('hex'));
    expect(outcomes.map((outcome) => (outcome.kind === 'hashed' ? outcome.digest : outcome.kind))).toEqual(
      expected,
    );
  });

  test('a file of several chunks, with ETags whose parts do not fall on chunks', async () => {
    const bytes = Buffer.alloc(3_500_000, 'abcdefg');
    fs.writeFileSync(path.join(fixture.root, 'big'), bytes);
    const md5 = (part: Uint8Array) => createHash('md5').update(part).digest();
    const parts = [0, 1, 2, 3].map((i) => md5(bytes.subarray(i * 1_000_000, (i + 1) * 1_000_000)));
    expect(
      await fixture.folder.hash({ path: relPath('big'), etagPartSizes: [0, 1_000_000, 8_000_000] }),
    ).toMatchObject({
      digest: createHash('sha256').update(bytes).digest('hex'),
      etags: [
        md5(bytes).toString('hex'),
        `${md5(Buffer.concat(parts)).toString('hex')}-4`,
        `${md5(md5(bytes)).toString('hex')}-1`,
      ],
    });
  });

  test('an aborted request rejects, and the others go on', async () => {
    fs.writeFileSync(path.join(fixture.root, 'big'), Buffer.alloc(64 << 20));
    await fixture.user.write('small', 'x');
    const abort = new AbortController();
    const reason = new Error('enough');
    const big = fixture.folder.hash({ path: relPath('big'), signal: abort.signal });
    const small = fixture.folder.hash({ path: relPath('small') });
    setImmediate(() => abort.abort(reason));
    await expect(big).rejects.toBe(reason);
    expect((await small).kind).toBe('hashed');
    await expect(fixture.folder.hash({ path: relPath('small'), signal: abort.signal })).rejects.toBe(reason);
  });

  test('never reads through a symlinked folder', async () => {
    await fixture.user.write('real/f', 'x');
    await fixture.user.symlink('link', 'real');
    expect(await fixture.folder.hash({ path: relPath('link/f') })).toEqual({ kind: 'absent' });
    expect(await fixture.folder.hash({ path: relPath('real') })).toEqual({ kind: 'absent' });
  });

  test('an old file is not racy', async () => {
    await fixture.user.write('f', 'x');
    // Its ctime cannot be set: the clock has to pass it by more than its granularity.
    const { ctimeMs } = fs.statSync(path.join(fixture.root, 'f'));
    const old = new Date(1_500_000_000_000);
    while (Date.now() - ctimeMs < 100) await new Promise((resolve) => setImmediate(resolve));
    await fixture.folder.state.replace('x', []);
    const later = await fixture.reopen();
    expect(await later.hash({ path: relPath('f') })).toMatchObject({ racy: false });
    fs.utimesSync(path.join(fixture.root, 'f'), old, old);
    expect(await later.hash({ path: relPath('f') })).toMatchObject({ racy: true });
    await later.close();
  });

  test('closing rejects what is under way', async () => {
    fs.writeFileSync(path.join(fixture.root, 'big'), Buffer.alloc(64 << 20));
    const folder = await fixture.reopen();
    const pending = folder.hash({ path: relPath('big') }).then(
      () => 'hashed',
      (error: { code?: string }) => error.code,
    );
    if (threaded) setImmediate(() => setImmediate(() => void folder.close()));
    expect(['hashed', 'LOCAL_FAILED']).toContain(await pending);
    await folder.close();
  });
});

describe('a file that is written to while it is hashed', () => {
  let fixture: DiskFixture;
  beforeEach(async () => {
    fixture = await diskFixture();
  });
  afterEach(() => fixture.dispose());

  function drive(onChunk: (turn: number) => void) {
    const stats = fs.lstatSync(fixture.root, { bigint: true });
    const steps = hashEntry(
      {
        root: fixture.root,
        identity: { dev: stats.dev, ino: stats.ino },
        anchored: canAnchor(),
        sys: createSys(),
        touch: () => undefined,
        clock: createFsClock(path.join(fixture.root, '.s4/tmp'), () => 'clock'),
      },
      { path: 'big', etagPartSizes: [] },
      createHashBuffer(),
    );
    for (let turn = 0; ; turn++) {
      const step = steps.next();
      if (step.done === true) return step.value;
      onChunk(turn);
    }
  }

  const append = () => fs.appendFileSync(path.join(fixture.root, 'big'), 'x');

  test('once: is hashed again', async () => {
    await fixture.user.write('big', 'y'.repeat(2_500_000));
    const outcome = drive((turn) => turn === 0 && append());
    const expected = createHash('sha256')
      .update(`${'y'.repeat(2_500_000)}x`)
      .digest('hex');
    expect(outcome).toMatchObject({
      kind: 'hashed',
      digest: expected,
      fingerprint: { sizeBytes: 2_500_001 },
    });
  });

  test('over and over: is unsettled', async () => {
    await fixture.user.write('big', 'y'.repeat(2_500_000));
    expect(drive(append)).toEqual({ kind: 'unsettled' });
  });

  test('replaced meanwhile: the new file is hashed', async () => {
    await fixture.user.write('big', 'y'.repeat(2_500_000));
    await fixture.user.write('other', 'other');
    const outcome = drive(
      (turn) => turn === 0 && fs.renameSync(path.join(fixture.root, 'other'), path.join(fixture.root, 'big')),
    );
    expect(outcome).toMatchObject({ digest: createHash('sha256').update('other').digest('hex') });
  });
});

describe('racy', () => {
  const now = { nowNs: 1_000_000_000_000n, granularityNs: 20_000_000n };
  const at = (mtimeNs: bigint, ctimeNs: bigint) => ({ inode: 1n, sizeBytes: 1, mtimeNs, ctimeNs });

  test('is what changed within the granularity of the clock', () => {
    expect(isRacy(at(0n, now.nowNs - 20_000_001n), now)).toBe(false);
    expect(isRacy(at(0n, now.nowNs - 20_000_000n), now)).toBe(true);
    expect(isRacy(at(now.nowNs - 1n, 0n), now)).toBe(true);
    // A clock that went back: the next change may get this very time again.
    expect(isRacy(at(0n, now.nowNs + 999_000_000_000n), now)).toBe(true);
  });

  test('of what s4 placed, only the mtime tells', () => {
    expect(isRacyPlaced(at(0n, now.nowNs), now)).toBe(false);
    expect(isRacyPlaced(at(now.nowNs, now.nowNs), now)).toBe(true);
    // A time far ahead would make it racy for ever.
    expect(isRacyPlaced(at(now.nowNs + 999_000_000_000n, now.nowNs), now)).toBe(false);
  });
});
