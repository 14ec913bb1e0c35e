import type { Runtime } from '../../engine/ports/runtime.ts';
import type {
  CallOptions,
  ContentSource,
  CopyOptions,
  CopyOutcome,
  GetOutcome,
  ListedObject,
  ObjectKey,
  ObjectState,
  ObjectVersion,
  ProgressOptions,
  PutOptions,
  PutOutcome,
  ReadExpectation,
  Store,
  WriteCondition,
} from '../../engine/ports/store.ts';
import type { RemoteToken } from '../../sync/entry.ts';
import { checkObjectKey } from '../object-key.ts';
import type { ConditionName, MemoryService } from './memory-server.ts';
import {
  conditionHolds,
  type MemoryContent,
  type MemoryVersion,
  memoryEtag,
  wholeSeconds,
} from './objects.ts';

/** Awaited before a request takes effect and before its response arrives: a simulation decides when. */
export type MemoryGate = (at: 'request' | 'response', request: string, key: string) => Promise<void>;

type Send = <T>(request: string, key: string, signal: AbortSignal | undefined, effect: () => T) => Promise<T>;

interface Client {
  readonly service: MemoryService;
  readonly send: Send;
  nowMs(): number;
}

const CHUNK_BYTES = 64 * 1024;

/** A client of a memory server. Ready to use; `createMemoryServer` is how to get one. */
export function connectMemoryStore(service: MemoryService, runtime: Runtime, gate?: MemoryGate): Store {
  const requests = new Map<string, number>();
  const send: Send = async (request, key, signal, effect) => {
    signal?.throwIfAborted();
    requests.set(request, (requests.get(request) ?? 0) + 1);
    await gate?.('request', request, key);
    signal?.throwIfAborted();
    const result = effect();
    await gate?.('response', request, key);
    return result;
  };
  const client: Client = { service, send, nowMs: () => service.nowMs(runtime) };
  const { objects } = service;
  return {
    url: service.url,
    prefixBytes: 0,
    requests,
    list: (options) => list(client, options),
    head: (key, options) =>
      send('HEAD', key, options?.signal, () => {
        const found = objects.find(key, options?.versionId);
        return found?.content
          ? { kind: 'found', state: stateOf(service, found, found.content) }
          : { kind: 'absent' };
      }),
    get: (key, options = {}) => send('GET', key, options.signal, () => get(service, key, options)),
    poll: (key, etag, options) =>
      send('GET', key, options?.signal, () => {
        const content = objects.current(key)?.content;
        if (!content) return { kind: 'absent' };
        if (content.etag === etag) return { kind: 'unchanged' };
        return { kind: 'changed', etag: content.etag, bytes: content.bytes };
      }),
    put: (key, source, options) => put(client, key, source, options),
    copy: (from, to, options) => copy(client, from, to, options),
    delete: (key, { condition, signal }) =>
      send('DELETE', key, signal, () => {
        const enforced = condition.kind === 'matches' && service.enforced('deleteIfMatch');
        if (enforced && !conditionHolds(condition, objects.current(key)))
          return { kind: 'precondition-failed' };
        return objects.remove(key, client.nowMs()) ? { kind: 'deleted' } : { kind: 'absent' };
      }),
    versions: (key, options) => versions(client, key, options),
    probe: async (options) => send('GET', '', options?.signal, () => service.capabilities()),
    close: async () => {},
  };
}

async function* list(
  { service, send }: Client,
  options: CallOptions & { readonly under?: string } = {},
): AsyncGenerator<readonly ListedObject[]> {
  const { objects, pageKeys } = service;
  const prefix = options.under ?? '';
  let after: ObjectKey | undefined;
  do {
    const page = await send('LIST', prefix, options.signal, () =>
      objects.page(prefix, after, pageKeys).flatMap((key): ListedObject[] => {
        const version = objects.current(key);
        if (!version?.content) return [];
        // As on S3: a listing does not tell version ids.
        const { versionId: _, ...token } = tokenOf(service, version, version.content);
        return [{ key, token, ...(version.content.archived ? { archived: true } : {}) }];
      }),
    );
    if (page.length > 0) yield page;
    after = page.length < pageKeys ? undefined : page.at(-1)?.key;
  } while (after !== undefined);
}

function get(service: MemoryService, key: ObjectKey, options: ProgressOptions & ReadExpectation): GetOutcome {
  const found = service.objects.find(key, options.versionId);
  if (!found?.content) return { kind: 'absent' };
  if (options.etag !== undefined && found.content.etag !== options.etag) return { kind: 'changed' };
  if (found.content.archived) return { kind: 'archived' };
  const body = chunks(found.content.bytes, options);
  return { kind: 'found', state: stateOf(service, found, found.content), body };
}

async function* chunks(bytes: Uint8Array, options: ProgressOptions): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += CHUNK_BYTES) {
    options.signal?.throwIfAborted();
    const chunk = bytes.slice(start, start + CHUNK_BYTES);
    options.onBytes?.(chunk.byteLength);
    yield chunk;
  }
}

async function put(
  { service, send, nowMs }: Client,
  key: ObjectKey,
  source: ContentSource,
  options: PutOptions,
): Promise<PutOutcome> {
  checkObjectKey(key);
  options.signal?.throwIfAborted();
  const multipart = source.sizeBytes > service.partBytes;
  const begunMs = nowMs();
  if (multipart) await send('POST', key, options.signal, () => undefined);
  const bytes = new Uint8Array(source.sizeBytes);
  for (let start = 0; start < bytes.byteLength; start += service.partBytes) {
    const end = Math.min(start + service.partBytes, bytes.byteLength);
    bytes.set(await source.read(start, end), start);
    options.signal?.throwIfAborted();
    if (multipart) await send('PUT', key, options.signal, () => undefined);
    options.onBytes?.(end - start);
  }
  if (options.confirm && !(await options.confirm())) return { kind: 'abandoned' };
  const content = {
    bytes,
    etag: memoryEtag(bytes, service.partBytes),
    metadata: options.metadata,
    archived: false,
  };
  const [ifAbsent, ifMatch] = multipart
    ? (['multipartIfAbsent', 'multipartIfMatch'] as const)
    : (['putIfAbsent', 'putIfMatch'] as const);
  return send(multipart ? 'POST' : 'PUT', key, options.signal, () => {
    if (!passes(service, key, options.condition, ifAbsent, ifMatch)) return { kind: 'precondition-failed' };
    return { kind: 'stored', token: write(service, key, content, begunMs, nowMs()) };
  });
}

async function copy(
  { service, send, nowMs }: Client,
  from: ObjectKey,
  to: ObjectKey,
  options: CopyOptions,
): Promise<CopyOutcome> {
  checkObjectKey(to);
  return send('COPY', to, options.signal, () => {
    const source = service.objects.find(from, options.source.versionId)?.content;
    const expected = options.source.etag;
    if (!source || (expected !== undefined && source.etag !== expected)) return { kind: 'source-changed' };
    if (!passes(service, to, options.condition, 'copyIfAbsent', 'copyIfMatch'))
      return { kind: 'precondition-failed' };
    const content = { ...source, metadata: options.metadata };
    return { kind: 'stored', token: write(service, to, content, nowMs(), nowMs()) };
  });
}

async function* versions(
  { service, send }: Client,
  key: ObjectKey,
  options?: CallOptions,
): AsyncGenerator<readonly ObjectVersion[]> {
  const page = await send('LIST', key, options?.signal, () => {
    if (service.objects.versioning === 'off') return [];
    const newestFirst = [...service.objects.history(key)].reverse();
    return newestFirst.map((each, index): ObjectVersion => {
      const content = each.content && { etag: each.content.etag, sizeBytes: each.content.bytes.byteLength };
      const { versionId, modifiedMs } = each;
      return { key, versionId, isLatest: index === 0, modifiedMs, ...(content ? { content } : {}) };
    });
  });
  if (page.length > 0) yield page;
}

function passes(
  service: MemoryService,
  key: ObjectKey,
  condition: WriteCondition,
  ifAbsent: ConditionName,
  ifMatch: ConditionName,
): boolean {
  const enforced = service.enforced(condition.kind === 'absent' ? ifAbsent : ifMatch);
  return !enforced || conditionHolds(condition, service.objects.current(key));
}

function write(
  service: MemoryService,
  key: ObjectKey,
  content: MemoryContent,
  begunMs: number,
  nowMs: number,
): RemoteToken {
  const version = service.objects.write(key, { modifiedMs: wholeSeconds(begunMs), content });
  // A response carries no LastModified, only the server's Date.
  return { ...tokenOf(service, version, content), modifiedMs: wholeSeconds(nowMs), modifiedIsEstimate: true };
}

function stateOf(service: MemoryService, version: MemoryVersion, content: MemoryContent): ObjectState {
  const state = { token: tokenOf(service, version, content), metadata: content.metadata };
  return content.archived ? { ...state, archived: true } : state;
}

function tokenOf(service: MemoryService, version: MemoryVersion, content: MemoryContent): RemoteToken {
  const token = { etag: content.etag, sizeBytes: content.bytes.byteLength, modifiedMs: version.modifiedMs };
  return service.objects.versioning === 'off' ? token : { ...token, versionId: version.versionId };
}
