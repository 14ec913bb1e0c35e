import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { S4Error } from '../lib/errors.ts';

/** Asks a person at a terminal. Rejects with the signal's reason on Ctrl-C and at the end of input. */
export interface Prompter {
  ask(question: string, options?: { readonly secret?: boolean }): Promise<string>;
}

export interface PrompterOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
  /** What Ctrl-C at a prompt does: the terminal gives it to the line editor, not to the process. */
  readonly onInterrupt: () => void;
}

export function createPrompter({ input, output, signal, onInterrupt }: PrompterOptions): Prompter {
  return {
    ask: (question, { secret = false } = {}) =>
      new Promise<string>((resolve, reject) => {
        signal.throwIfAborted();
        // A screen before may have told the process not to wait for the terminal.
        if ('ref' in input && typeof input.ref === 'function') input.ref();
        output.write(question);
        // A secret is edited on a stream that shows nothing.
        const shown = secret ? new Writable({ write: (_chunk, _encoding, done) => done() }) : output;
        const lines = createInterface({ input, output: shown, terminal: true, historySize: 0, prompt: '' });
        let left = false;
        // Closing removes the editor's own listeners from the input: one that stayed would echo the next answer.
        const leave = (finish: () => void): void => {
          if (left) return;
          left = true;
          signal.removeEventListener('abort', onAbort);
          lines.close();
          if (secret) output.write('\n');
          finish();
        };
        const onAbort = (): void => leave(() => reject(signal.reason));
        signal.addEventListener('abort', onAbort, { once: true });
        lines.once('line', (answer) => leave(() => resolve(answer.trim())));
        lines.once('SIGINT', onInterrupt);
        lines.once('close', () => leave(() => reject(endOfInput(question))));
      }),
  };
}

function endOfInput(question: string): S4Error {
  return new S4Error('PROMPT_NEEDED', `No answer to "${question.trim()}".`);
}

/** Asks, or says which flag would have answered. */
export function required(prompter: Prompter | undefined, what: string, flag: string): Prompter {
  if (prompter !== undefined) return prompter;
  throw new S4Error('PROMPT_NEEDED', `${what} is needed, and there is no terminal to ask at.`, {
    hint: `Give ${flag}.`,
    data: { flag },
  });
}

export function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer);
}
