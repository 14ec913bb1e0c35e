import { encodeJournalLine, type JournalEntry } from '../../formats/journal-codec.ts';
import type { StateFiles } from '../ports/folder.ts';

export const JOURNAL = 'journal.jsonl';

/** The append side of the journal. All its work happens in call order, one thing at a time. */
export interface Journal {
  readonly sizeBytes: number;
  /**
   * Appends one line. Calls made while another write is under way share the next one, and its fsync.
   *
   * @param prepare - runs before the line is written; when it throws, nothing is
   * @param apply - runs when the line is written, before anything else is
   */
  append(
    entry: JournalEntry,
    options: { readonly sync: boolean; readonly prepare?: () => Promise<void>; readonly apply: () => void },
  ): Promise<void>;
  /** Makes all earlier lines durable. */
  flush(): Promise<void>;
  /** Runs alone, after all earlier appends. */
  exclusive(task: (control: JournalControl) => Promise<void>): Promise<void>;
}

/** What only whoever runs alone may do. */
export interface JournalControl {
  flush(): Promise<void>;
  /** Begins the journal anew, under a generation. */
  restart(generation: number): Promise<void>;
}

interface Item {
  readonly bytes: (() => Uint8Array) | undefined;
  readonly sync: boolean;
  readonly alone: boolean;
  prepare(): Promise<void>;
  done(): void;
  fail(error: unknown): void;
}

/**
 * @param snapshot - the lines that describe the present state completely: they replace the journal after a failed
 *   write, of which nobody knows how much arrived, and when a generation starts
 */
export function createJournal(
  state: StateFiles,
  start: { readonly generation: number; readonly sizeBytes: number; readonly sound: boolean },
  snapshot: () => readonly JournalEntry[],
): Journal {
  let { generation, sizeBytes, sound } = start;
  let unsynced = false;
  let working = false;
  const queue: Item[] = [];

  function enqueue(item: Omit<Item, 'done' | 'fail'>, apply: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        apply();
        resolve();
      };
      queue.push({ ...item, done, fail: reject });
      if (working) return;
      working = true;
      // A microtask later, so that all calls of this tick share one write.
      void Promise.resolve().then(work);
    });
  }

  async function work(): Promise<void> {
    for (;;) {
      const batch = takeBatch(queue);
      if (batch.length === 0) break;
      const ready: Item[] = [];
      for (const item of batch) {
        try {
          await item.prepare();
          ready.push(item);
        } catch (error) {
          item.fail(error);
        }
      }
      try {
        await write(ready);
        for (const item of ready) item.done();
      } catch (error) {
        for (const item of ready) item.fail(error);
      }
    }
    working = false;
  }

  async function write(items: readonly Pick<Item, 'bytes' | 'sync'>[]): Promise<void> {
    const bytes = Buffer.concat(items.flatMap((item) => (item.bytes === undefined ? [] : [item.bytes()])));
    const sync = items.some((item) => item.sync);
    if (bytes.byteLength === 0 && !(sync && unsynced)) return;
    if (!sound) await restart(generation);
    sound = false;
    await state.append(JOURNAL, bytes, { sync });
    sound = true;
    sizeBytes += bytes.byteLength;
    unsynced = !sync;
  }

  async function restart(next: number): Promise<void> {
    const lines = [{ kind: 'open' } as const, ...snapshot()].map((entry) => encodeJournalLine(next, entry));
    sound = false;
    generation = next;
    await state.replace(JOURNAL, lines);
    sound = true;
    unsynced = false;
    sizeBytes = lines.reduce((sum, line) => sum + line.byteLength, 0);
  }

  const control: JournalControl = { flush: () => write([{ bytes: undefined, sync: true }]), restart };

  return {
    get sizeBytes() {
      return sizeBytes;
    },
    append: (entry, { sync, prepare, apply }) =>
      enqueue(
        {
          bytes: () => encodeJournalLine(generation, entry),
          sync,
          alone: false,
          prepare: prepare ?? nothing,
        },
        apply,
      ),
    flush: () => enqueue({ bytes: undefined, sync: true, alone: false, prepare: nothing }, () => {}),
    exclusive: (task) =>
      enqueue({ bytes: undefined, sync: false, alone: true, prepare: () => task(control) }, () => {}),
  };
}

async function nothing(): Promise<void> {}

/** An item that must run alone, or all up to the next such item. */
function takeBatch(queue: Item[]): readonly Item[] {
  if (queue[0]?.alone === true) return queue.splice(0, 1);
  const end = queue.findIndex((item) => item.alone);
  return queue.splice(0, end < 0 ? queue.length : end);
}
