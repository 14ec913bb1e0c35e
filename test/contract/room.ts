import { expect } from 'vitest';
import type {
  ContentSource,
  GetOutcome,
  ListedObject,
  ObjectKey,
  ObjectMetadata,
  ObjectState,
  ObjectVersion,
  PutOutcome,
  Store,
  StoreCapabilities,
  WriteCondition,
} from '../../src/engine/ports/store.ts';
import type { RemoteToken } from '../../src/sync/entry.ts';

export interface RoomOptions {
  /** Size of a large object: past the store's multipart threshold. */
  readonly largeBytes: number;
  /** How many keys the paging test writes: more than a page. */
  readonly pageKeys: number;
  /** How many writers race for one key. */
  readonly writers: number;
}

export interface ContractCase {
  readonly name: string;
  /** Why the test does not apply to a store with these capabilities. */
  readonly unlessCapable?: (capabilities: StoreCapabilities) => string | undefined;
  run(room: Room): Promise<void>;
}

/** A folder of the store that one test has to itself, and the verbs that tests share. */
export interface Room {
  readonly store: Store;
  readonly other: Store;
  readonly capabilities: StoreCapabilities;
  readonly options: RoomOptions;
  /** Ends in a slash. */
  readonly folder: string;
  key(name: string): ObjectKey;
  put(name: string, content: string | Uint8Array | ContentSource, options?: RoomPut): Promise<PutOutcome>;
  /** A put that must be stored. */
  store1(name: string, content: string | Uint8Array | ContentSource, options?: RoomPut): Promise<RemoteToken>;
  text(name: string): Promise<string | undefined>;
  /** Keys below the room, without its name, sorted by code unit. */
  names(under?: string): Promise<string[]>;
  listed(under?: string): Promise<ListedObject[]>;
  state(name: string): Promise<ObjectState | undefined>;
  versions(name: string): Promise<ObjectVersion[]>;
}

export interface RoomPut {
  readonly condition?: WriteCondition;
  readonly metadata?: ObjectMetadata;
  readonly confirm?: () => Promise<boolean>;
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

export interface RoomPlace {
  readonly store: Store;
  readonly other: Store;
  readonly capabilities: StoreCapabilities;
  readonly id: number;
}

const NO_CONDITION: WriteCondition = { kind: 'none' };

let writes = 0;

/** A fresh write token, as every put must carry. */
export function writeToken(): ObjectMetadata {
  writes += 1;
  return { 's4-write': `${process.pid.toString(16)}-${writes.toString(16)}` };
}

export function createRoom(place: RoomPlace, options: RoomOptions): Room {
  const { store } = place;
  const folder = `room-${place.id}/`;
  const key = (name: string): ObjectKey => `${folder}${name}` as ObjectKey;
  const put: Room['put'] = (name, content, { condition = NO_CONDITION, metadata = {}, ...rest } = {}) =>
    store.put(key(name), toSource(content), {
      condition,
      metadata: { ...writeToken(), ...metadata },
      ...rest,
    });
  const listed = (under = ''): Promise<ListedObject[]> => collect(store.list({ under: folder + under }));
  return {
    store,
    other: place.other,
    capabilities: place.capabilities,
    options,
    folder,
    key,
    put,
    listed,
    async store1(name, content, rest) {
      const outcome = await put(name, content, rest);
      if (outcome.kind !== 'stored') throw new Error(`${name} was not stored: ${outcome.kind}`);
      return outcome.token;
    },
    async text(name) {
      const bytes = await readAll(await store.get(key(name)));
      return bytes && new TextDecoder().decode(bytes);
    },
    async names(under) {
      return (await listed(under)).map((each) => each.key.slice(folder.length)).sort();
    },
    async state(name) {
      const outcome = await store.head(key(name));
      return outcome.kind === 'found' ? outcome.state : undefined;
    },
    versions: (name) => collect(store.versions(key(name))),
  };
}

export function bytesSource(bytes: Uint8Array): ContentSource {
  return { sizeBytes: bytes.byteLength, read: async (start, end) => bytes.subarray(start, end) };
}

/** Bytes that differ at every offset a store might confuse, without holding them. */
export function patternSource(sizeBytes: number, seed = 0): ContentSource {
  return {
    sizeBytes,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      for (let i = 0; i < bytes.length; i++) bytes[i] = patternByte(start + i, seed);
      return bytes;
    },
  };
}

function patternByte(offset: number, seed = 0): number {
  return (offset * 31 + (offset >>> 8) * 17 + (offset >>> 16) * 13 + seed) & 0xff;
}

/** Fails at the first byte that is not the pattern's. */
export async function expectPattern(outcome: GetOutcome, sizeBytes: number, seed = 0): Promise<void> {
  if (outcome.kind !== 'found') throw new Error(`not found: ${outcome.kind}`);
  let offset = 0;
  for await (const chunk of outcome.body) {
    for (const byte of chunk) {
      if (byte !== patternByte(offset, seed)) throw new Error(`byte ${offset} is ${byte}`);
      offset += 1;
    }
  }
  expect(offset).toBe(sizeBytes);
}

/** The body's bytes, or undefined when nothing was found. */
export async function readAll(outcome: GetOutcome): Promise<Uint8Array | undefined> {
  if (outcome.kind !== 'found') return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of outcome.body) chunks.push(chunk.slice());
  return new Uint8Array(Buffer.concat(chunks));
}

export async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

export function needs(
  ...names: readonly (keyof StoreCapabilities)[]
): (capabilities: StoreCapabilities) => string | undefined {
  return (capabilities) => {
    const missing = names.filter((name) => capabilities[name] !== true);
    return missing.length === 0 ? undefined : `probe() does not claim ${missing.join(', ')}`;
  };
}

/** Equal but for a time that the writer could only estimate. */
export function expectSameToken(written: RemoteToken, seen: RemoteToken): void {
  expect(seen.etag).toBe(written.etag);
  expect(seen.sizeBytes).toBe(written.sizeBytes);
  const slackMs = written.modifiedIsEstimate ? 3000 : 0;
  expect(Math.abs(seen.modifiedMs - written.modifiedMs)).toBeLessThanOrEqual(slackMs);
  if (seen.versionId !== undefined && written.versionId !== undefined)
    expect(seen.versionId).toBe(written.versionId);
}

export async function inParallel<T>(count: number, run: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => run(index)));
}

function toSource(content: string | Uint8Array | ContentSource): ContentSource {
  if (typeof content === 'string') return bytesSource(new TextEncoder().encode(content));
  return content instanceof Uint8Array ? bytesSource(content) : content;
}
