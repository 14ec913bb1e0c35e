import { gunzipSync, gzipSync } from 'node:zlib';
import type { LogCursor } from '../../../src/engine/ports/base.ts';
import type { Store } from '../../../src/engine/ports/store.ts';
import { encodeHead, encodeSegment } from '../../../src/formats/head-codec.ts';
import { isS4Error } from '../../../src/lib/errors.ts';
import { pollBell } from '../../../src/remote-log/bell.ts';
import { headKey, segmentKey } from '../../../src/remote-log/keys.ts';
import { readHeads, readHistory } from '../../../src/remote-log/reader.ts';
import { publish } from '../../../src/remote-log/writer.ts';
import { createMemoryServer, type MemoryServer } from '../../../src/stores/memory/memory-server.ts';
import { parseKey } from '../../../src/sync/path.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';
import { ENTRIES, HEAD, SEGMENT } from '../../unit/formats/samples.ts';
import type { Dice } from '../dice.ts';
import { hostileSegment, mutateBytes, mutateJson } from '../hostile.ts';
import { type FuzzTarget, fail } from '../target.ts';

const OTHERS = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', '00112233aabbccdd'];
const SELF = '00112233aabbccdd';
/** Small files that unpack, or parse, to far more than they are. */
const BOMBS: readonly Buffer[] = [
  gzipSync(Buffer.alloc(80_000_000)),
  gzipSync(`${'['.repeat(3_000_000)}`),
  gzipSync(`{"s4":"segment","version":1,"client":"${SELF}","entries":[${'[],'.repeat(5_000_000)}1]}`),
  gzipSync(`{"s4":"segment","version":1,${'"a":1,'.repeat(2_000_000)}"client":"x"}`),
];

function plant(server: MemoryServer, dice: Dice): void {
  for (const client of OTHERS) {
    if (dice.oneIn(4)) continue;
    const head = Buffer.from(encodeHead({ ...HEAD, client }));
    server.put(headKey(client), damagedText(head, dice));
    const segment = Buffer.from(encodeSegment({ ...SEGMENT, client, entries: ENTRIES.slice(0, 1) }));
    const packed = dice.oneIn(2)
      ? mutateBytes(segment, dice)
      : gzipSync(mutateJson(gunzipSync(segment).toString(), dice), { level: 1 });
    server.put(segmentKey(client, dice.pick([20, 39, 40])), dice.oneIn(2000) ? dice.pick(BOMBS) : packed);
  }
  for (const name of dice.some(2, () => hostileSegment(dice))) server.put(`.s4/heads/${name}`, 'x');
  if (dice.oneIn(2)) server.put('.s4/bell', hostileSegment(dice));
}

function damagedText(bytes: Buffer, dice: Dice): Buffer {
  const kind = dice.int(4);
  if (kind === 0) return bytes;
  return kind === 1 ? mutateBytes(bytes, dice) : Buffer.from(mutateJson(bytes.toString(), dice));
}

async function readAll(store: Store, dice: Dice): Promise<void> {
  const known = dice.oneIn(2)
    ? undefined
    : new Map(OTHERS.map((id) => [id, { etag: 'e', sequence: dice.int(45) }]));
  const { news } = await readHeads({ store, known, self: dice.oneIn(2) ? SELF : (OTHERS[0] ?? '') });
  for (const { entries, host } of news) {
    if (typeof host !== 'string') fail('a host that is no text', host);
    for (const { path, sizeBytes } of entries)
      if (!parseKey(path).ok || !Number.isSafeInteger(sizeBytes)) fail('an entry that cannot be', path);
  }
  for (const client of OTHERS)
    for await (const batch of readHistory(store, client)) if (batch.length === 0) fail('empty');
  await pollBell(store, dice.oneIn(2) ? undefined : 'e');
}

/** Whatever lies in the log of a store, reading and writing it ends soon, and never with a bug. */
export const log: FuzzTarget = {
  name: 'log',
  share: 4,
  short: 40,
  limitMs: 5000,
  async run(dice) {
    const runtime = createFakeRuntime({ seed: dice.int(1e9) });
    const server = createMemoryServer({ clock: runtime.nowMs });
    plant(server, dice);
    const store = server.connect(runtime);
    await readAll(store, dice);
    let cursor: LogCursor = {
      sequence: dice.int(45),
      unpublished: 1,
      ...(dice.oneIn(2) && { headWrite: HEAD.write }),
    };
    const deps = {
      store,
      capabilities: { putIfAbsent: dice.oneIn(2), putIfMatch: dice.oneIn(2) },
      runtime,
      clientId: SELF,
      cursor: () => cursor,
      saveCursor: async (next: LogCursor) => {
        cursor = next;
      },
    };
    try {
      await publish(deps, ENTRIES.slice(0, 1));
    } catch (error) {
      if (!isS4Error(error)) throw error;
    }
    if (!Number.isSafeInteger(cursor.sequence)) fail('a number beyond numbers', cursor.sequence);
  },
};

/** Bombs are refused in bounded time and memory. */
export const bombs: FuzzTarget = {
  name: 'bombs',
  share: 0.002,
  short: 1,
  limitMs: 5000,
  async run(dice) {
    const runtime = createFakeRuntime();
    const server = createMemoryServer({ clock: runtime.nowMs });
    server.put(headKey(SELF), encodeHead(HEAD));
    server.put(segmentKey(SELF, 39), dice.pick(BOMBS));
    const before = process.memoryUsage().rss;
    for await (const _ of readHistory(server.connect(runtime), SELF)) void _;
    const grownBytes = process.memoryUsage().rss - before;
    if (grownBytes > 600_000_000) fail('memory grows', grownBytes);
  },
};
