import type {
  ContentSource,
  GetOutcome,
  ListedObject,
  ObjectKey,
  ObjectState,
  PutOptions,
  PutOutcome,
  Store,
} from '../../src/engine/ports/store.ts';
import { boundDigest, decodeMetadata } from '../../src/formats/metadata-codec.ts';
import { S4Error, type S4ErrorCode } from '../../src/lib/errors.ts';
import type { MemoryGate } from '../../src/stores/memory/memory-store.ts';
import type { Process } from './client.ts';
import { network } from './scheduler.ts';
import type { World } from './world.ts';

const WRITES = new Set(['PUT', 'POST', 'COPY', 'DELETE']);

/** A client of the store whose requests and responses wait for the scheduler, and fail as the seed says. */
export function simStore(process: Process, world: World): Store {
  const { faults, scheduler } = world;
  const gate: MemoryGate = async (at, request, key) => {
    const write = WRITES.has(request);
    if (at === 'request' && write && process.preview)
      world.violations.push(`a preview wrote to the store: ${request} ${key}`);
    await scheduler.park(process, `${at} ${request} ${key}`, { lands: at === 'request' && write });
    if (at === 'request') {
      if (faults.strikes('refused', 25)) throw failed('STORE_FAILED', '503');
      if (faults.strikes('unreachable', 80)) throw failed('STORE_UNREACHABLE', 'reset before');
      if (!key.startsWith('.s4/') && faults.strikes('denied', 60)) throw failed('OBJECT_DENIED', '403');
    } else if (faults.strikes('lost-response', 25)) {
      throw failed(world.random(3) === 0 ? 'STORE_UNREACHABLE' : 'STORE_FAILED', 'response lost');
    }
  };
  const connected = world.server.connect(process.runtime, gate);
  const inner = world.weakening.store?.(connected) ?? connected;
  const wire = createWire(world, process);
  return {
    ...inner,
    list: (options) => simList(inner, options, world),
    get: async (key, options) => simBody(await inner.get(key, options), world),
    put: async (key, source, options) => {
      world.keys.add(key);
      if (options.condition.kind !== 'none' && faults.strikes('stale-precondition', 40))
        return { kind: 'precondition-failed' };
      if (faults.strikes('late-request', 25)) {
        const bytes = await wire.sent(source, options);
        if (bytes !== undefined) wire.put(key, bytes, options);
        throw failed('STORE_FAILED', 'timed out');
      }
      if (faults.strikes('repeated-request', 25)) return putTwice(inner, key, source, options);
      return inner.put(key, source, options);
    },
    copy: async (from, to, options) => {
      world.keys.add(to);
      if (!faults.strikes('late-request', 25)) return inner.copy(from, to, options);
      wire.send(`COPY ${to}`, (store) => store.copy(from, to, withoutSignal(options)));
      throw failed('STORE_FAILED', 'timed out');
    },
    delete: async (key, options) => {
      if (!faults.strikes('late-request', 25)) return inner.delete(key, options);
      wire.send(`DELETE ${key}`, (store) => store.delete(key, withoutSignal(options)));
      throw failed('STORE_FAILED', 'timed out');
    },
  };
}

/** What the sender gave up and the network still delivers. */
function createWire(world: World, process: Process) {
  const late = world.server.connect(process.runtime);
  const send = (label: string, run: (store: Store) => Promise<unknown>): void => {
    world.scheduler.say(`  given up, still on its way: ${label}`);
    void world.scheduler.park(network(), `late ${label}`).then(() => run(late));
  };
  return {
    send,
    /** The bytes as they would be on the wire; undefined when the file changed under the upload. */
    sent: async (source: ContentSource, options: PutOptions) => {
      const bytes = await source.read(0, source.sizeBytes);
      return options.confirm === undefined || (await options.confirm()) ? bytes : undefined;
    },
    put: (key: ObjectKey, bytes: Uint8Array, { condition, metadata }: PutOptions): void =>
      send(`PUT ${key}`, (store) =>
        store.put(key, { sizeBytes: bytes.byteLength, read: async () => bytes }, { condition, metadata }),
      ),
  };
}

/** As a client does that lost the response: again, and a refusal that meets its own write is a success. */
async function putTwice(
  inner: Store,
  key: ObjectKey,
  source: ContentSource,
  options: PutOptions,
): Promise<PutOutcome> {
  const first = await inner.put(key, source, options);
  if (first.kind !== 'stored') return first;
  const second = await inner.put(key, source, options);
  if (second.kind !== 'precondition-failed') return second;
  const head = await inner.head(key);
  return head.kind === 'found' && isOwn(head.state, options)
    ? { kind: 'stored', token: head.state.token }
    : second;
}

/** A foreign tool that wrote in between may have kept our token: an ETag that is an MD5 tells. */
function isOwn({ metadata, token }: ObjectState, { metadata: sent }: PutOptions): boolean {
  const md5 = sent['s4-md5'];
  const tells = md5 !== undefined && !token.etag.includes('-');
  return metadata['s4-write'] === sent['s4-write'] && (!tells || token.etag === md5);
}

async function* simList(
  inner: Store,
  options: Parameters<Store['list']>[0],
  world: World,
): AsyncGenerator<readonly ListedObject[]> {
  const under = options?.under ?? '';
  const pages: (readonly ListedObject[])[] = [];
  for await (const page of inner.list(options)) pages.push(page);
  const before = (world.listings.get(under) ?? []) as (readonly ListedObject[])[];
  const now = pages.flat();
  world.listings.set(under, [...before, now].slice(-4));
  const shown =
    before.length > 0 && world.faults.strikes('lagging-listing', 4)
      ? (before[world.random(before.length)] ?? now)
      : now;
  yield world.faults.strikes('unsorted-listing', 3) ? [...shown].reverse() : shown;
}

function simBody(outcome: GetOutcome, world: World): GetOutcome {
  if (outcome.kind !== 'found') return outcome;
  const { body, state } = outcome;
  if (world.faults.strikes('truncated-body', 20)) return { ...outcome, body: truncated(body) };
  // Only where something vouches for the bytes can a flipped bit be seen: metadata of other bytes does not.
  const vouched = boundDigest(decodeMetadata(state.metadata), state.token.etag) !== undefined;
  if (vouched && world.faults.strikes('corrupt-body', 20)) return { ...outcome, body: corrupted(body) };
  return outcome;
}

async function* truncated(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield chunk.subarray(0, Math.floor(chunk.byteLength / 2));
  throw new S4Error('OBJECT_CORRUPT', 'injected: the body ended early');
}

async function* corrupted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield chunk.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
}

function withoutSignal<T extends { readonly signal?: AbortSignal }>(options: T): Omit<T, 'signal'> {
  const { signal: _, ...rest } = options;
  return rest;
}

function failed(code: S4ErrorCode, what: string): S4Error {
  return new S4Error(code, `injected: ${what}`);
}
