import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Store, StoreCapabilities } from '../../src/engine/ports/store.ts';
import { copyCases } from './cases/copy.ts';
import { deleteCases } from './cases/delete.ts';
import { keyCases } from './cases/keys.ts';
import { largeCases } from './cases/large.ts';
import { listCases } from './cases/list.ts';
import { putCases } from './cases/put.ts';
import { readCases } from './cases/read.ts';
import { signalCases } from './cases/signal.ts';
import { versionCases } from './cases/versions.ts';
import { type ContractCase, createRoom, type RoomOptions } from './room.ts';

export interface OpenedStore {
  readonly store: Store;
  cleanup(): Promise<void>;
}

export interface ContractOptions extends Partial<RoomOptions> {
  /** Test name -> why this store does not pass it. Printed; a name that no test has fails the suite. */
  readonly skip?: Readonly<Record<string, string>>;
  /** For each test. */
  readonly timeoutMs?: number;
}

const CASES: readonly ContractCase[] = [
  ...listCases,
  ...keyCases,
  ...putCases,
  ...largeCases,
  ...readCases,
  ...copyCases,
  ...deleteCases,
  ...versionCases,
  ...signalCases,
];

/**
 * What every `Store` must do. One store is opened for the suite; each test works in a folder of its own. A
 * capability that `probe()` claims is tested, one that it does not claim is skipped and the reason printed.
 *
 * @param open - gives a store that nobody else writes to; called twice, and the two must not see each other's keys
 */
export function storeContract(
  name: string,
  open: () => Promise<OpenedStore>,
  options: ContractOptions = {},
): void {
  const skip = options.skip ?? {};
  const room: RoomOptions = {
    largeBytes: options.largeBytes ?? 20 * 1024 * 1024,
    pageKeys: options.pageKeys ?? 1005,
    writers: options.writers ?? 16,
  };
  const timeoutMs = options.timeoutMs ?? 60_000;

  describe(`store contract: ${name}`, () => {
    let opened: OpenedStore | undefined;
    let other: OpenedStore | undefined;
    let capabilities: StoreCapabilities | undefined;
    let rooms = 0;

    beforeAll(async () => {
      opened = await open();
      other = await open();
      capabilities = await opened.store.probe();
    }, timeoutMs);
    afterAll(async () => {
      for (const each of [opened, other]) {
        await each?.store.close();
        await each?.cleanup();
      }
    }, timeoutMs);

    test('skips only tests that exist', () => {
      const unknown = Object.keys(skip).filter((key) => !CASES.some((each) => each.name === key));
      if (unknown.length > 0) throw new Error(`no such contract test: ${unknown.join(', ')}`);
    });

    for (const each of CASES) {
      test(each.name, { timeout: timeoutMs }, async (context) => {
        if (!opened || !other || !capabilities) throw new Error('the store did not open');
        const reason = skip[each.name] ?? each.unlessCapable?.(capabilities);
        if (reason !== undefined) {
          process.stderr.write(`SKIPPED ${name}: ${each.name}: ${reason}\n`);
          context.skip(reason);
        }
        rooms += 1;
        await each.run(
          createRoom({ store: opened.store, other: other.store, capabilities, id: rooms }, room),
        );
      });
    }
  });
}
