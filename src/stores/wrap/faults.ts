import type { Runtime } from '../../engine/ports/runtime.ts';
import type { CallOptions, GetOutcome, ListedObject, Store } from '../../engine/ports/store.ts';
import { S4Error, type S4ErrorCode } from '../../lib/errors.ts';
import type { RemoteToken } from '../../sync/entry.ts';
import type { Fault, FaultOperation, FaultPlan } from './fault-plan.ts';

type Inject = <T>(
  operation: FaultOperation,
  key: string,
  options: CallOptions | undefined,
  run: () => Promise<T>,
  change?: (fault: Fault) => Partial<Outcomes<T>>,
) => Promise<T>;

interface Outcomes<T> {
  /** Takes the place of the call. */
  readonly instead: T;
  /** Changes what the call returned. */
  readonly after: (result: T) => T;
}

/** A store that fails as the plan says, and is the store itself where the plan says nothing. */
export function withFaults(store: Store, plan: FaultPlan, runtime: Runtime): Store {
  const calls = new Map<FaultOperation, number>();
  const listings = new Map<string, readonly (readonly ListedObject[])[]>();
  const nextFault = (operation: FaultOperation, key: string): Fault | undefined => {
    const nth = calls.get(operation) ?? 0;
    calls.set(operation, nth + 1);
    return plan.next({ operation, key, nth });
  };
  const inject: Inject = async (operation, key, options, run, change) => {
    options?.signal?.throwIfAborted();
    const fault = nextFault(operation, key);
    if (!fault) return run();
    if (fault.kind === 'latency') await runtime.sleep(fault.delayMs, signalOf(options));
    if (fault.kind === 'refused') throw failed(fault.code, operation);
    const changes = change?.(fault);
    if (changes && 'instead' in changes && changes.instead !== undefined) return changes.instead;
    const result = await run();
    if (fault.kind === 'lost-response') throw failed(fault.code, operation);
    return changes?.after ? changes.after(result) : result;
  };
  return {
    ...store,
    async *list(options) {
      const under = options?.under ?? '';
      const before = listings.get(under);
      const fault = nextFault('list', under);
      if (fault?.kind === 'refused') throw failed(fault.code, 'list');
      if (fault?.kind === 'latency') await runtime.sleep(fault.delayMs, signalOf(options));
      const pages = await collectPages(store.list(options));
      listings.set(under, fault?.kind === 'lagging' ? (before ?? []) : pages);
      if (fault?.kind === 'lost-response') throw failed(fault.code, 'list');
      yield* listed(fault, pages, before);
    },
    head: (key, options) =>
      inject(
        'head',
        key,
        options,
        () => store.head(key, options),
        (fault) => ({
          after: (outcome) =>
            outcome.kind === 'found'
              ? { ...outcome, state: { ...outcome.state, token: skewed(outcome.state.token, fault) } }
              : outcome,
        }),
      ),
    get: (key, options) =>
      inject(
        'get',
        key,
        options,
        () => store.get(key, options),
        (fault) => ({
          after: (outcome) => (fault.kind === 'truncated' ? truncated(outcome, fault.afterBytes) : outcome),
        }),
      ),
    poll: (key, etag, options) => inject('poll', key, options, () => store.poll(key, etag, options)),
    put: (key, source, options) =>
      inject(
        'put',
        key,
        options,
        () => store.put(key, source, options),
        (fault) =>
          fault.kind === 'stale-precondition' && options.condition.kind !== 'none'
            ? { instead: { kind: 'precondition-failed' } }
            : { after: (outcome) => skewedWrite(outcome, fault) },
      ),
    copy: (from, to, options) =>
      inject(
        'copy',
        to,
        options,
        () => store.copy(from, to, options),
        (fault) =>
          fault.kind === 'stale-precondition' && options.condition.kind !== 'none'
            ? { instead: { kind: 'precondition-failed' } }
            : { after: (outcome) => skewedWrite(outcome, fault) },
      ),
    delete: (key, options) =>
      inject(
        'delete',
        key,
        options,
        () => store.delete(key, options),
        (fault) =>
          fault.kind === 'stale-precondition' && options.condition.kind !== 'none'
            ? { instead: { kind: 'precondition-failed' } }
            : {},
      ),
    async *versions(key, options) {
      const pages = await inject('versions', key, options, () => collectPages(store.versions(key, options)));
      yield* pages;
    },
  };
}

async function collectPages<T>(pages: AsyncIterable<readonly T[]>): Promise<readonly (readonly T[])[]> {
  const all: (readonly T[])[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

function listed(
  fault: Fault | undefined,
  pages: readonly (readonly ListedObject[])[],
  before: readonly (readonly ListedObject[])[] | undefined,
): readonly (readonly ListedObject[])[] {
  if (fault?.kind === 'lagging') return before ?? [];
  if (fault?.kind === 'unsorted') return [...pages].reverse().map((page) => [...page].reverse());
  if (fault?.kind !== 'clock-skew') return pages;
  return pages.map((page) => page.map((each) => ({ ...each, token: skewed(each.token, fault) })));
}

function skewedWrite<T extends { readonly kind: string }>(outcome: T, fault: Fault): T {
  if (!('token' in outcome)) return outcome;
  return { ...outcome, token: skewed(outcome.token as RemoteToken, fault) };
}

function skewed(token: RemoteToken, fault: Fault): RemoteToken {
  return fault.kind === 'clock-skew' ? { ...token, modifiedMs: token.modifiedMs + fault.byMs } : token;
}

function truncated(outcome: GetOutcome, afterBytes: number): GetOutcome {
  if (outcome.kind !== 'found') return outcome;
  const { body } = outcome;
  return {
    ...outcome,
    body: {
      async *[Symbol.asyncIterator]() {
        let left = afterBytes;
        for await (const chunk of body) {
          if (chunk.byteLength > left) {
            if (left > 0) yield chunk.subarray(0, left);
            throw new S4Error('OBJECT_CORRUPT', 'the body ended early');
          }
          left -= chunk.byteLength;
          yield chunk;
        }
      },
    },
  };
}

function failed(code: S4ErrorCode | undefined, operation: FaultOperation): S4Error {
  return new S4Error(code ?? 'STORE_FAILED', `injected: ${operation} failed`);
}

function signalOf(options: CallOptions | undefined): CallOptions {
  return options?.signal ? { signal: options.signal } : {};
}
