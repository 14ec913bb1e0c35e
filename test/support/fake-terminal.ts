import { PassThrough, Writable } from 'node:stream';
import type { TerminalHost } from '../../src/ui/terminal.ts';

export interface FakeTerminal {
  readonly host: TerminalHost;
  /** The last frame, without the spaces at the ends of its lines. */
  frame(): string;
  /** All that was written, frames and control sequences. */
  written(): string;
  /** Resolves with the first frame, the last one or one to come, for which this is true. */
  until(isWanted: (frame: string) => boolean): Promise<string>;
  /** Resolves with the first frame that has this text. */
  shows(text: string): Promise<string>;
  /** Keys by name (`enter`, `up`, `escape`, `ctrl-c`), as a terminal sends them. */
  press(...keys: readonly string[]): void;
  /** Text, as if typed at once. */
  type(text: string): void;
  paste(text: string): void;
  resize(columns: number, rows: number): void;
  readonly rawMode: boolean;
  readonly interrupts: AbortController;
}

export interface FakeTerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly nowMs?: () => number;
}

const KEYS: Readonly<Record<string, string>> = {
  enter: '\r',
  escape: '\u001b',
  up: '\u001b[A',
  down: '\u001b[B',
  right: '\u001b[C',
  left: '\u001b[D',
  home: '\u001b[H',
  end: '\u001b[F',
  'page-up': '\u001b[5~',
  'page-down': '\u001b[6~',
  tab: '\t',
  'shift-tab': '\u001b[Z',
  backspace: '\u007f',
};

/** A terminal that a test owns: size, keys, and every frame that was drawn. Frames have no colours. */
export function createFakeTerminal(options: FakeTerminalOptions = {}): FakeTerminal {
  const size = { columns: options.columns ?? 80, rows: options.rows ?? 24 };
  const interrupts = new AbortController();
  const watchers = new Set<() => void>();
  let written = '';
  let last = '';
  let rawMode = false;
  const stdout = Object.assign(
    new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        written += chunk;
        // A frame is one write; what goes before and after it starts with an escape.
        if (chunk !== '' && !chunk.startsWith('\u001b')) last = chunk;
        for (const watcher of [...watchers]) watcher();
        done();
      },
    }),
    { isTTY: true, ...size },
  );
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    ref: () => {},
    unref: () => {},
    setRawMode: (isRaw: boolean) => {
      rawMode = isRaw;
    },
  });
  const frame = (): string => last.replace(/ +$/gm, '');
  const until: FakeTerminal['until'] = (isWanted) =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isWanted(frame())) return;
        watchers.delete(look);
        resolve(frame());
      };
      watchers.add(look);
      look();
    });
  return {
    host: {
      // The parts of the two streams that screens use.
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      env: options.env ?? { LANG: 'C.UTF-8' },
      colours: false,
      nowMs: options.nowMs ?? (() => 0),
      signal: interrupts.signal,
      interrupt: () => interrupts.abort(new Error('interrupted')),
      wholeFrames: true,
    },
    frame,
    written: () => written,
    until,
    shows: (text) => until((shown) => shown.includes(text)),
    press: (...keys) => {
      for (const key of keys) stdin.write(bytesOf(key));
    },
    type: (text) => void stdin.write(text),
    paste: (text) => void stdin.write(`\u001b[200~${text}\u001b[201~`),
    resize: (columns, rows) => {
      Object.assign(stdout, { columns, rows });
      stdout.emit('resize');
    },
    get rawMode() {
      return rawMode;
    },
    interrupts,
  };
}

function bytesOf(key: string): string {
  if (key.startsWith('ctrl-')) return String.fromCharCode(key.charCodeAt(5) & 0x1f);
  return KEYS[key] ?? key;
}
