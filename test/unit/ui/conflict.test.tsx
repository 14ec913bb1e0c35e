import { describe, expect, it } from 'vitest';
import { hasMarkers, startOfEdit } from '../../../src/commands/edit-conflict.ts';
import { runScreen } from '../../../src/ui/run-screen.ts';
import { ConflictScreen } from '../../../src/ui/screens/conflict/ConflictScreen.tsx';
import type {
  ConflictAnswer,
  ConflictMaterial,
  ConflictQuestion,
} from '../../../src/ui/screens/conflict/conflict-material.ts';
import { menuOf } from '../../../src/ui/screens/conflict/menu.ts';
import { GuardScreen } from '../../../src/ui/screens/guard/GuardScreen.tsx';
import { groupPlan } from '../../../src/ui/screens/guard/guard-view.ts';
import { threeWayRows } from '../../../src/ui/text/three-way.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';

const QUESTION: ConflictQuestion = {
  conflict: { path: 'f.txt', local: { state: 'updated' }, remote: { state: 'updated' } },
  sides: { local: '/a/', remote: 's3://b/' },
  asked: 0,
  editor: 'vi',
};
const CLEAN: ConflictMaterial = { kind: 'texts', rows: [], merge: 'clean' };
const TOUCHING: ConflictMaterial = { kind: 'texts', rows: [], merge: 'touching' };

async function answer(
  material: ConflictMaterial,
  keys: readonly string[],
  waitFor: string,
  question: ConflictQuestion = QUESTION,
): Promise<ConflictAnswer> {
  const terminal = createFakeTerminal();
  const result = runScreen<ConflictAnswer>(terminal.host, ({ done }) => (
    <ConflictScreen question={question} load={async () => material} onAnswer={done} />
  ));
  await terminal.shows(waitFor);
  terminal.press(...keys);
  return result;
}

describe('the question about a conflict', () => {
  it('is answered by a letter and Enter', async () => {
    expect(await answer(CLEAN, ['r', 'enter'], 'fit together')).toEqual({
      kind: 'choice',
      choice: 'remote',
      forTheRest: false,
    });
  });

  it('is skipped by Enter alone, as in S4', async () => {
    expect(await answer(CLEAN, ['enter'], 'fit together')).toMatchObject({ choice: 'skip' });
  });

  it('is answered for the rest too', async () => {
    expect(await answer(CLEAN, ['a', 'b', 'enter'], 'fit together')).toMatchObject({
      choice: 'both',
      forTheRest: true,
    });
  });

  it('takes no other choice for one that cannot be made', async () => {
    const keys = ['m', 'enter', 'l', 'enter'];
    expect(await answer(TOUCHING, keys, 'the same lines')).toMatchObject({ choice: 'local' });
  });

  it('comes back from the diff by Esc, and nothing was decided', async () => {
    const terminal = createFakeTerminal();
    const result = runScreen<ConflictAnswer>(terminal.host, ({ done }) => (
      <ConflictScreen question={QUESTION} load={async () => CLEAN} onAnswer={done} />
    ));
    await terminal.shows('fit together');
    terminal.press('d');
    await terminal.shows('back to the question');
    terminal.press('l', 'escape');
    await terminal.shows('Nothing is done until you choose');
    terminal.press('b', 'enter');
    expect(await result).toMatchObject({ choice: 'both' });
  });

  it('opens the editor at once', async () => {
    expect(await answer(TOUCHING, ['e'], 'the same lines')).toEqual({ kind: 'edit' });
  });
});

describe('the question about a conflict that was kept as both', () => {
  const KEPT: ConflictQuestion = { ...QUESTION, kept: { originalThere: true } };
  const GONE: ConflictQuestion = { ...QUESTION, kept: { originalThere: false } };
  const choices = (question: ConflictQuestion): readonly (readonly [string, string])[] =>
    menuOf(question, CLEAN, false).flatMap(({ key, action, why }) =>
      action.kind === 'choice' && why === undefined ? [[key, action.choice] as const] : [],
    );

  it('is about the original and the copy, each by its letter', () => {
    expect(choices(KEPT)).toEqual([
      ['o', 'remote'],
      ['c', 'local'],
      ['b', 'both'],
      ['m', 'merge'],
      ['s', 'skip'],
    ]);
    expect(choices(GONE)).toEqual([
      ['c', 'local'],
      ['b', 'both'],
      ['s', 'skip'],
    ]);
  });

  it('is answered by a letter and Enter, and waits on by Enter alone', async () => {
    expect(await answer(CLEAN, ['o', 'enter'], 'fit together', KEPT)).toMatchObject({ choice: 'remote' });
    expect(await answer(CLEAN, ['enter'], 'fit together', KEPT)).toMatchObject({ choice: 'skip' });
    // `l` and `r` are no letters here.
    expect(await answer(CLEAN, ['l', 'enter'], 'fit together', KEPT)).toMatchObject({ choice: 'skip' });
    expect(await answer(CLEAN, ['o', 'enter', 'c', 'enter'], 'one only', GONE)).toMatchObject({
      choice: 'local',
    });
  });
});

describe('what an editor starts with', () => {
  it('is the merge where both edits fit, else both sides between the marks of a conflict', () => {
    const base = 'a\nb\nc\nd\ne\n';
    expect(startOfEdit({ base, local: 'A\nb\nc\nd\ne\n', remote: 'a\nb\nc\nd\nE\n' })).toBe(
      'A\nb\nc\nd\nE\n',
    );
    const marked = startOfEdit({ base, local: 'x\n', remote: 'y' });
    expect(marked).toBe(`<<<<<<< local\nx\n||||||| before\n${base}=======\ny\n>>>>>>> remote\n`);
    expect(hasMarkers(marked)).toBe(true);
    expect(hasMarkers('a title\n=======\n')).toBe(false);
  });
});

describe('a three-way difference', () => {
  const labels = (base: string, local: string, remote: string): readonly string[] =>
    threeWayRows(base, local, remote).map((row) =>
      row.kind === 'hunk'
        ? `@ ${row.text}`
        : `${row.label}${row.sign}${row.parts.map(({ text }) => text).join('')}`,
    );

  it('says who changed what', () => {
    expect(labels('1\n2\n3\n', 'one\n2\n3\n', '1\n2\n3\n4\n')).toEqual([
      '@ line 1: changed here',
      'base-1',
      'local+one',
      ' 2',
      ' 3',
      '@ line 4: changed in the store',
      'remote+4',
    ]);
  });

  it('shows what both made of the same lines, and once where they made the same', () => {
    expect(labels('1\n2\n', 'one\n2\n', 'uno\n2\n')).toEqual([
      '@ line 1: both changed it',
      'base-1',
      'local+one',
      'remote+uno',
      ' 2',
    ]);
    expect(labels('1\n2\n', 'one\n2\n', 'one\n2\n')).toEqual([
      '@ line 1: both changed it',
      'base-1',
      'both+one',
      ' 2',
    ]);
  });
});

describe('the question about a halted plan', () => {
  const operations = ['a/1', 'a/2', 'b/1'].map(
    (path) => ({ kind: 'delete', direction: 'up', path }) as const,
  );
  const plan = {
    target: 't',
    guards: [{ code: 'local-emptied' as const, message: 'the local folder is empty' }],
    operations,
  };
  const ask = async (keys: readonly string[]): Promise<boolean> => {
    const terminal = createFakeTerminal();
    const result = runScreen<boolean>(terminal.host, ({ done }) => (
      <GuardScreen plan={plan} onAnswer={done} />
    ));
    await terminal.shows('Type 3');
    terminal.press(...keys);
    return result;
  };

  it('is approved by the number of deletions alone', async () => {
    expect(await ask(['3', 'enter'])).toBe(true);
    expect(await ask(['2', 'enter', 'y', 'enter', 'escape'])).toBe(false);
    expect(await ask(['enter', 'escape'])).toBe(false);
  });

  it('shows the plan by folder, the largest first', () => {
    expect(groupPlan(operations)).toEqual([
      { folder: 'a/', what: 'deleted in the store', files: 2 },
      { folder: 'b/', what: 'deleted in the store', files: 1 },
    ]);
  });
});
