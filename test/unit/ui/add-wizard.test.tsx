import { describe, expect, it } from 'vitest';
import { AddWizard } from '../../../src/ui/add/AddWizard.tsx';
import type { Draft } from '../../../src/ui/add/draft.ts';
import type { AddFacts, AddPort } from '../../../src/ui/add/facts.ts';
import { runScreen } from '../../../src/ui/run-screen.ts';
import { FACTS, samplePort } from '../../gallery/add-wizard.tsx';
import { createFakeTerminal, type FakeTerminal } from '../../support/fake-terminal.ts';

interface Run {
  readonly terminal: FakeTerminal;
  readonly ended: Promise<'finished' | 'left'>;
  /** What was finished with. */
  readonly finished: Draft[];
}

function start(changes: Partial<AddPort> = {}, facts: AddFacts = FACTS): Run {
  const terminal = createFakeTerminal({ columns: 80, rows: 40 });
  const finished: Draft[] = [];
  const port = samplePort({
    finish: async (draft) => {
      finished.push(draft);
      return undefined;
    },
    ...changes,
  });
  const ended = runScreen<'finished' | 'left'>(terminal.host, ({ done }) => (
    <AddWizard facts={facts} port={port} onEnd={done} />
  ));
  return { terminal, ended, finished };
}

/** Waits for a text, then types and presses Enter. */
async function answer(
  { terminal }: Run,
  shows: string,
  text = '',
  ...keys: readonly string[]
): Promise<void> {
  await terminal.shows(shows);
  if (text !== '') terminal.type(text);
  terminal.press(...keys, 'enter');
}

const SECRET = 'very-secret-key-1234';

async function answerAll(run: Run): Promise<void> {
  await answer(run, 'Which folder shall', '~/notes');
  await answer(run, 'Where shall the copy', '', 'down');
  await answer(run, 'account id', 'abc123');
  await answer(run, 'Which keys');
  await answer(run, 'access key id', 'AKID');
  await answer(run, 'The secret key', SECRET);
  await answer(run, 'Where shall the key');
  await answer(run, 'Which bucket', 'ada-files');
  await answer(run, 'Which folder in ada-files');
  await answer(run, 'Go on', '', 'down');
  await answer(run, 'How shall it be called', 'diary');
  await answer(run, 'changed on both sides', '', 'down');
}

describe('the add wizard', () => {
  it('asks for everything, and finishes with the answers', async () => {
    const run = start();
    await answerAll(run);
    await answer(run, '211 up');
    expect(await run.ended).toBe('finished');
    expect(run.finished).toMatchObject([
      {
        folder: '~/notes',
        where: 'r2',
        account: 'abc123',
        keys: { kind: 'typed' },
        accessKeyId: 'AKID',
        secret: SECRET,
        bucket: 'ada-files',
        prefix: 'notes',
        name: 'diary',
        conflicts: 'both',
      },
    ]);
  });

  it('draws no secret, not even for a moment', async () => {
    const run = start();
    await answerAll(run);
    const frame = await run.terminal.shows('The same by a command');
    expect(frame).toContain('--secret-access-key-stdin');
    run.terminal.press('escape');
    run.terminal.interrupts.abort(new Error('seen'));
    await expect(run.ended).rejects.toThrow('seen');
    expect(run.terminal.written()).not.toContain('very-secret');
    expect(run.terminal.written()).not.toContain('1234');
  });

  it('goes back with Esc, and has kept every answer', async () => {
    const run = start();
    await answer(run, 'Which folder shall', '~/notes');
    await answer(run, 'Where shall the copy', '', 'down', 'down');
    await run.terminal.shows('In which region');
    run.terminal.type('us-ea');
    await run.terminal.shows('us-ea');
    run.terminal.press('escape');
    await run.terminal.shows('› Backblaze');
    run.terminal.press('enter');
    expect(await run.terminal.shows('In which region')).toContain('› us-ea');
  });

  it('leaves at the first question', async () => {
    const run = start();
    await run.terminal.shows('Esc leave');
    run.terminal.press('escape');
    expect(await run.ended).toBe('left');
    expect(run.finished).toEqual([]);
  });

  it('says what is wrong with an answer, and stays', async () => {
    const run = start({
      fault: (step) => (step === 'folder' ? { message: 'It lies in another.' } : undefined),
    });
    await answer(run, 'Which folder shall', '~/notes/sub');
    expect(await run.terminal.shows('It lies in another.')).toContain('1 of');
  });

  it('makes a missing folder at the second Enter only', async () => {
    let made = 0;
    const missing = { message: 'It does not exist.', missing: true } as const;
    const run = start({
      fault: (step) => (step === 'folder' && made === 0 ? missing : undefined),
      makeFolder: async () => {
        made++;
        return undefined;
      },
    });
    await answer(run, 'Which folder shall', '~/new');
    await run.terminal.shows('It does not exist.');
    expect(made).toBe(0);
    run.terminal.press('enter');
    await run.terminal.shows('Where shall the copy');
    expect(made).toBe(1);
  });

  it('completes a folder with Tab, and takes a proposal with the arrows', async () => {
    const run = start();
    await run.terminal.shows('Which folder shall');
    run.terminal.type('~/no');
    run.terminal.press('tab');
    await run.terminal.shows('› ~/notes');
    run.terminal.press('down', 'down', 'enter');
    await run.terminal.shows('› ~/notes-2019/');
  });

  it('stays at the summary when it could not be registered, and can be tried again', async () => {
    let tries = 0;
    const run = start({
      finish: async () => (tries++ === 0 ? { message: 'The folder belongs to another target.' } : undefined),
    });
    await answerAll(run);
    await answer(run, '211 up');
    await answer(run, 'belongs to another target');
    expect(await run.ended).toBe('finished');
  });

  it('offers nothing by what an earlier try found, while it tries again', async () => {
    let tries = 0;
    const run = start({
      check: async (draft, tell) => {
        tries++;
        // The second one never ends.
        if (draft.enableVersioning) tell({ id: 'reach', outcome: 'running', message: 'Reaching it' });
        else tell({ id: 'versioning', outcome: 'warning', message: 'It keeps no versions.', code: 'off' });
      },
    });
    await answer(run, 'Which folder shall', '~/notes');
    await answer(run, 'Where shall the copy', '', 'down');
    await answer(run, 'account id', 'abc123');
    await answer(run, 'Which keys', '', 'home');
    await answer(run, 'Which bucket', 'ada-files');
    await answer(run, 'Which folder in ada-files');
    await run.terminal.shows('Enable versioning');
    const before = run.terminal.written().length;
    run.terminal.press('enter');
    await run.terminal.shows('Reaching it');
    expect(tries).toBe(2);
    // Until the key is taken the frame is the one of before.
    const frames = run.terminal.written().slice(before).split('Add a target');
    const since = frames.slice(
      frames.findIndex((frame) => frame !== '' && !frame.includes('Enable versioning')),
    );
    expect(since.join('')).toContain('Reaching it');
    expect(since.join('')).not.toContain('Go on');
  });

  it('repairs a wrong secret from the checks, and comes back to them', async () => {
    const run = start({
      check: async (draft, tell) =>
        tell(
          draft.secret === SECRET
            ? { id: 'reach', outcome: 'ok', message: 'It is there.' }
            : { id: 'reach', outcome: 'failed', message: 'Denied.', code: 'STORE_DENIED' },
        ),
    });
    await answer(run, 'Which folder shall', '~/notes');
    await answer(run, 'Where shall the copy', '', 'down');
    await answer(run, 'account id', 'abc123');
    await answer(run, 'Which keys');
    await answer(run, 'access key id', 'AKID');
    await answer(run, 'The secret key', 'wrong');
    await answer(run, 'Where shall the key');
    await answer(run, 'Which bucket', 'ada-files');
    await answer(run, 'Which folder in ada-files');
    await answer(run, 'Type the secret key again');
    await run.terminal.shows('The secret key that');
    run.terminal.press('ctrl-u');
    await answer(run, 'The secret key that', SECRET);
    await run.terminal.shows('It is there.');
  });
});
