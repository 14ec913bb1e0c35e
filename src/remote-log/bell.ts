import type { Runtime } from '../engine/ports/runtime.ts';
import type { Store } from '../engine/ports/store.ts';
import { isS4Error } from '../lib/errors.ts';
import { BELL } from './keys.ts';
import { bytesSource } from './small-object.ts';

const ATTEMPTS = 5;
const FIRST_DELAY_MS = 500;

/**
 * Says "something is new" to whoever polls. Fresh random bytes for each attempt: a lost attempt that lands late then
 * looks like another ring, never like the state that a reader has already heard (H11).
 *
 * @throws S4Error STORE_*; then nobody may have heard, and it must be rung again
 */
export async function ringBell(
  store: Pick<Store, 'put'>,
  runtime: Pick<Runtime, 'randomHex' | 'sleep'>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      const bytes = Buffer.from(`${runtime.randomHex(16)}\n`);
      const metadata = { 's4-write': runtime.randomHex(16) };
      await store.put(BELL, bytesSource(bytes), { condition: { kind: 'none' }, metadata, ...options });
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !isS4Error(error, 'STORE_UNREACHABLE', 'STORE_FAILED')) throw error;
      await runtime.sleep(FIRST_DELAY_MS * 2 ** (attempt - 1), options);
    }
  }
}

export type BellState =
  | { readonly kind: 'quiet' }
  /** Keep the ETag only after the heads were read and processed: else a crash in between would miss them (H11). */
  | { readonly kind: 'rang'; readonly etag: string }
  /** Never rung yet, or removed. */
  | { readonly kind: 'absent' };

/**
 * One conditional GET. After a ring, look at the heads again some seconds later too: a lagging store may show the new
 * bell and the old heads.
 *
 * @param heardEtag - of the bell whose heads were processed
 */
export async function pollBell(
  store: Pick<Store, 'poll'>,
  heardEtag: string | undefined,
  options: { readonly signal?: AbortSignal } = {},
): Promise<BellState> {
  const polled = await store.poll(BELL, heardEtag, options);
  switch (polled.kind) {
    case 'unchanged':
      return { kind: 'quiet' };
    case 'absent':
      return { kind: 'absent' };
    case 'changed':
      return { kind: 'rang', etag: polled.etag };
  }
}
