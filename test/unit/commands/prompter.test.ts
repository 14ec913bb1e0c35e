import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createPrompter } from '../../../src/commands/prompter.ts';

/** A keyboard and a screen: the line editor echoes what is typed, as on a terminal in raw mode. */
function terminal() {
  const input = new PassThrough();
  const output = new PassThrough();
  const shown: string[] = [];
  output.on('data', (chunk: Buffer) => shown.push(chunk.toString()));
  const interrupt = new AbortController();
  const prompter = createPrompter({
    input,
    output,
    signal: interrupt.signal,
    onInterrupt: () => interrupt.abort(new Error('interrupted')),
  });
  return { input, output, prompter, shown: () => shown.join(''), interrupt };
}

test('answers come in order, and are echoed once', async () => {
  const { input, prompter, shown } = terminal();
  const first = prompter.ask('first: ');
  input.write('one\r');
  expect(await first).toBe('one');
  const second = prompter.ask('second: ');
  input.write(' two \r');
  expect(await second).toBe('two');
  expect(shown()).toContain('first: ');
  expect(shown().split('two')).toHaveLength(2);
});

test('a secret is never echoed, whatever was asked before', async () => {
  const { input, prompter, shown } = terminal();
  for (const answer of ['one', 'two']) {
    const asked = prompter.ask('word: ');
    input.write(`${answer}\r`);
    await asked;
  }
  const secret = prompter.ask('secret: ', { secret: true });
  input.write('Q7x#9zK\r');
  expect(await secret).toBe('Q7x#9zK');
  for (const letter of 'Q7x#9zK') expect(shown()).not.toContain(letter);
});

test('Ctrl-C at a question interrupts', async () => {
  const { input, prompter } = terminal();
  const asked = prompter.ask('word: ');
  input.write('\u0003');
  await expect(asked).rejects.toThrow('interrupted');
});

test('the end of input is an error that names the question', async () => {
  const { input, prompter } = terminal();
  const asked = prompter.ask('word: ');
  input.end();
  await expect(asked).rejects.toMatchObject({ code: 'PROMPT_NEEDED', message: 'No answer to "word:".' });
});

test('nothing is asked after an interruption', async () => {
  const { prompter, interrupt, shown } = terminal();
  interrupt.abort(new Error('interrupted'));
  await expect(prompter.ask('word: ')).rejects.toThrow('interrupted');
  expect(shown()).toBe('');
});
