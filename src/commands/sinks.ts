import type { Sink } from './output.ts';

/** The part of a stream that is used. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Sinks {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Writes what waits. To be called before the process ends. */
  readonly flush: () => void;
}

// Beyond this a turn of the event loop that says much does not hold all of it.
const MAX_WAITING_CHARS = 64 * 1024;

/**
 * Where text goes. A pipe or a file gets what one turn of the event loop says in one piece: each write is a system call
 * that this thread waits for, and some events are there three times for every file. Nothing overtakes: stderr comes
 * after what was said before it.
 */
export function createSinks(stdout: TextStream, stderr: TextStream): Sinks {
  let waiting = '';
  let scheduled = false;
  const flush = (): void => {
    scheduled = false;
    if (waiting === '') return;
    const text = waiting;
    waiting = '';
    stdout.write(text);
  };
  const writeLater = (text: string): void => {
    waiting += text;
    if (waiting.length >= MAX_WAITING_CHARS) {
      flush();
    } else if (!scheduled) {
      setImmediate(flush);
      scheduled = true;
    }
  };
  const writeNow = (text: string): void => {
    stdout.write(text);
  };
  return {
    stdout: sinkOf(stdout, stdout.isTTY === true ? writeNow : writeLater),
    stderr: sinkOf(stderr, (text) => {
      flush();
      stderr.write(text);
    }),
    flush,
  };
}

function sinkOf(stream: TextStream, write: (text: string) => void): Sink {
  return {
    write,
    isTTY: stream.isTTY === true,
    get columns() {
      // A terminal that does not know its width says 0.
      return stream.columns || 80;
    },
  };
}
