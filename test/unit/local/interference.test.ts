import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Folder, TrashRef } from '../../../src/engine/ports/folder.ts';
import { isS4Error } from '../../../src/lib/errors.ts';
import { type Fingerprint, sameFingerprint } from '../../../src/sync/entry.ts';
import { relPath } from '../../contract/folder-contract.ts';
import { type DiskFixture, type DiskOptions, diskFixture } from './disk-fixture.ts';

const PATH = relPath('d/f');
const COPY = relPath('d/f (conflict)');
const TO = relPath('e/g');

interface Prepared {
  readonly expected: Fingerprint;
  readonly temp: string;
  readonly ref: TrashRef;
}

type Operation = (
  folder: Folder,
  prepared: Prepared,
) => Promise<{ readonly kind: string; readonly fingerprint?: Fingerprint }>;

const operations: Readonly<Record<string, Operation>> = {
  'place over trash': (folder, { expected, temp, ref }) =>
    folder.place({
      path: PATH,
      temp,
      expected: { kind: 'present', fingerprint: expected },
      displaceTo: { kind: 'trash', ref },
    }),
  'place beside': (folder, { expected, temp }) =>
    folder.place({
      path: PATH,
      temp,
      expected: { kind: 'present', fingerprint: expected },
      displaceTo: { kind: 'copy', path: COPY },
    }),
  remove: (folder, { expected, ref }) => folder.remove(PATH, expected, ref),
  rename: (folder, { expected }) => folder.rename(PATH, TO, expected),
  'place new': (folder, { temp, ref }) =>
    folder.place({ path: TO, temp, expected: { kind: 'absent' }, displaceTo: { kind: 'trash', ref } }),
};

/** What somebody else does in between; `kept`: the contents that must still be somewhere afterwards. */
const interferences: Readonly<
  Record<string, { readonly act: (root: string) => void; readonly kept: readonly string[] }>
> = {
  'writes in place': {
    act: (root) => writeIfThere(root, 'in place'),
    kept: ['in place'],
  },
  'replaces by rename': {
    act: (root) => {
      fs.writeFileSync(path.join(root, 'd/.swap'), 'swapped');
      fs.renameSync(path.join(root, 'd/.swap'), path.join(root, 'd/f'));
    },
    kept: ['swapped'],
  },
  'takes the new name': {
    act: (root) => {
      fs.mkdirSync(path.join(root, 'e'), { recursive: true });
      writeNew(root, 'e/g', 'taken');
      writeNew(root, 'd/f (conflict)', 'taken too');
    },
    kept: ['old'],
  },
  'makes a folder of it': {
    act: (root) => {
      if (fs.existsSync(path.join(root, 'd/f')))
        fs.renameSync(path.join(root, 'd/f'), path.join(root, 'moved'));
      fs.mkdirSync(path.join(root, 'd/f'));
      fs.writeFileSync(path.join(root, 'd/f/inside'), 'inside');
    },
    kept: ['old', 'inside'],
  },
};

function writeIfThere(root: string, text: string): void {
  if (fs.existsSync(path.join(root, 'd/f'))) fs.writeFileSync(path.join(root, 'd/f'), text);
}

function writeNew(root: string, name: string, text: string): void {
  if (!fs.existsSync(path.join(root, name))) fs.writeFileSync(path.join(root, name), text);
}

class Crash extends Error {}

let open: DiskFixture[] = [];
afterEach(async () => {
  for (const fixture of open) await fixture.dispose();
  open = [];
});

async function prepare(hooks: {
  atStep: number;
  onStep: (root: string) => void;
  later?: (nth: number) => void;
}) {
  let step = -1;
  let root = '';
  const beforeStep = () => {
    if (step < 0) return;
    const nth = step++ - hooks.atStep;
    if (nth === 0) hooks.onStep(root);
    else if (nth > 0) hooks.later?.(nth);
  };
  const fixture = await diskFixture({ beforeStep });
  open.push(fixture);
  root = fixture.root;
  await fixture.user.write('d/f', 'old');
  const stat = await fixture.folder.stat(PATH);
  if (stat?.kind !== 'file') throw new Error('not prepared');
  const staging = await fixture.folder.stage(3);
  await staging.write(Buffer.from('new'));
  await staging.finish({ kind: 'file', executable: false, mtimeNs: 1_600_000_000_000_000_000n });
  const prepared: Prepared = {
    expected: stat.fingerprint,
    temp: staging.temp,
    ref: fixture.folder.trashRef(PATH),
  };
  step = 0;
  return { fixture, prepared, steps: () => step };
}

/** Every file's content, the tree's, the trash's and the temp files'. */
function contents(root: string): readonly string[] {
  return fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const full = path.join(root, name);
    const isState = name.startsWith('.s4/') && !name.startsWith('.s4/trash/');
    if (isState && !name.startsWith('.s4/tmp/')) return [];
    if (name.endsWith('.jsonl') || !fs.lstatSync(full).isFile()) return [];
    return [fs.readFileSync(full, 'utf8')];
  });
}

async function countSteps(operation: Operation): Promise<number> {
  const { fixture, prepared, steps } = await prepare({ atStep: -1, onStep: () => undefined });
  await operation(fixture.folder, prepared);
  return steps();
}

/** What the engine does at its start for an intent that a crash left open. */
async function recover(later: Folder, prepared: Prepared): Promise<void> {
  if ((await later.stat(PATH)) === undefined) await later.restoreFromTrash(prepared.ref, PATH, COPY);
  await later.cleanTemp(new Set([prepared.temp]));
}

describe.each(Object.entries(operations))('%s', (name, operation) => {
  test('a crash before any step loses nothing, and repeating it ends as if there had been none', async () => {
    const total = await countSteps(operation);
    expect(total).toBeGreaterThan(0);
    for (let atStep = 0; atStep < total; atStep++) {
      const { fixture, prepared } = await prepare({
        atStep,
        onStep: () => {
          throw new Crash();
        },
      });
      await expect(operation(fixture.folder, prepared)).rejects.toThrow(Crash);
      expect(contents(fixture.root)).toEqual(expect.arrayContaining(['old']));
      const later = await fixture.reopen({});
      await recover(later, prepared);
      const found = contents(fixture.root);
      expect(found).toContain('old');
      if (name.startsWith('place')) expect(found).toContain('new');
      const visible = ['d/f', 'e/g', 'd/f (conflict)'].filter((at) =>
        fs.existsSync(path.join(fixture.root, at)),
      );
      expect(visible, `after a crash at step ${atStep}`).not.toEqual([]);
      await later.close();
    }
  });

  test('what the disk refuses at any step leaves the file under one name', async () => {
    const total = await countSteps(operation);
    for (let atStep = 0; atStep < total; atStep++) {
      const { fixture, prepared } = await prepare({
        atStep,
        onStep: () => {
          throw Object.assign(new Error('no space left'), { code: 'ENOSPC', errno: -28, syscall: 'link' });
        },
      });
      await expect(operation(fixture.folder, prepared)).rejects.toMatchObject({ code: 'LOCAL_DISK_FULL' });
      const visible = ['d/f', 'e/g', 'd/f (conflict)'].map((at) => path.join(fixture.root, at));
      const old = visible.filter((at) => fs.existsSync(at) && fs.readFileSync(at, 'utf8') === 'old');
      expect(old.length, `refused at step ${atStep}`).toBeLessThanOrEqual(1);
      expect(contents(fixture.root)).toContain('old');
    }
  });

  test('a crash while what was refused is taken back leaves the file under a name', async () => {
    const total = await countSteps(operation);
    for (let atStep = 0; atStep < total; atStep++) {
      for (const crashAt of [1, 2, 3]) {
        const { fixture, prepared } = await prepare({
          atStep,
          onStep: () => {
            throw Object.assign(new Error('no space left'), { code: 'ENOSPC', errno: -28, syscall: 'link' });
          },
          later: (nth) => {
            if (nth === crashAt) throw new Crash();
          },
        });
        await expect(operation(fixture.folder, prepared)).rejects.toThrow();
        const later = await fixture.reopen({});
        await recover(later, prepared);
        const visible = ['d/f', 'e/g', 'd/f (conflict)'].map((at) => path.join(fixture.root, at));
        const old = visible.filter((at) => fs.existsSync(at) && fs.readFileSync(at, 'utf8') === 'old');
        const about = `refused at step ${atStep}, crash ${crashAt} later`;
        expect(contents(fixture.root), about).toContain('old');
        // Whoever displaces it to the trash may have done so.
        if (name === 'place beside' || name === 'rename') expect(old, about).not.toEqual([]);
        await later.close();
      }
    }
  });

  test.each(Object.entries(interferences))('somebody %s at any step: nothing is lost', async (what, it) => {
    const total = await countSteps(operation);
    for (let atStep = 0; atStep < total; atStep++) {
      const { fixture, prepared } = await prepare({ atStep, onStep: it.act });
      let outcome: Awaited<ReturnType<Operation>>;
      try {
        outcome = await operation(fixture.folder, prepared);
      } catch (error) {
        if (!isS4Error(error)) throw error;
        outcome = { kind: error.code };
      }
      const about = `${what} at step ${atStep}: ${outcome.kind}`;
      const found = contents(fixture.root);
      // Whoever writes in place gives the old (or the new) content up himself.
      if (what !== 'writes in place') expect(found, about).toEqual(expect.arrayContaining([...it.kept]));
      else
        expect(
          found.filter((text) => ['old', 'in place'].includes(text)),
          about,
        ).not.toEqual([]);
      // Only the expected state may be in the trash behind a plain success.
      const trashed = path.join(fixture.root, '.s4/trash', prepared.ref);
      const isPlain = outcome.kind === 'placed' || outcome.kind === 'removed';
      if (isPlain && fs.existsSync(trashed)) expect(fs.readFileSync(trashed, 'utf8'), about).toBe('old');
      const at = name === 'place new' || name === 'rename' ? TO : PATH;
      const content = await fixture.user.read(at);
      const staged = name === 'rename' ? 'old' : 'new';
      if (outcome.fingerprint !== undefined) {
        // What the base will hold: the content that s4 placed goes with the fingerprint of no other.
        const stat = await fixture.folder.stat(at);
        const same = stat?.kind === 'file' && sameFingerprint(stat.fingerprint, outcome.fingerprint);
        expect(same, about).toBe(content === staged);
      } else if (name.startsWith('place')) {
        expect(found, about).toContain('new');
      }
    }
  });
});

describe('an application that still has the replaced file open', () => {
  async function writeAfterMove(options: DiskOptions, act: (fixture: DiskFixture) => Promise<TrashRef>) {
    const fixture = await diskFixture(options);
    open.push(fixture);
    await fixture.user.write('d/f', 'old');
    const fd = fs.openSync(path.join(fixture.root, 'd/f'), 'r+');
    const ref = await act(fixture);
    fs.writeSync(fd, 'late edit', 0);
    fs.closeSync(fd);
    return { fixture, ref };
  }

  test('writes late: purging brings its file back as a conflict copy instead', async () => {
    const { fixture, ref } = await writeAfterMove({}, async ({ folder }) => {
      const ref = folder.trashRef(PATH);
      const stat = await folder.stat(PATH);
      if (stat?.kind !== 'file') throw new Error('no file');
      expect(await folder.remove(PATH, stat.fingerprint, ref)).toEqual({ kind: 'removed' });
      return ref;
    });
    const options = { olderThanMs: 0, maxBytes: 0, nowMs: fixture.nowMs() + 1 };
    const copies = await fixture.folder.purgeTrash(options);
    expect(copies).toEqual([expect.stringMatching(/^d\/f \(conflict, laptop, /)]);
    expect(await fixture.user.read(copies[0] ?? '')).toBe('late edit');
    expect(await fixture.folder.trashStat(ref)).toBeUndefined();
    expect(await fixture.folder.purgeTrash(options)).toEqual([]);
  });
});
