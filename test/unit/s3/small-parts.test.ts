import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import { proxyFor } from '../../../src/stores/s3/agents.ts';
import { byteBudget } from '../../../src/stores/s3/byte-budget.ts';
import { decodeListedKey, encodeUri, keySpace, plainEtag } from '../../../src/stores/s3/keys.ts';
import { planParts } from '../../../src/stores/s3/part-plan.ts';

describe('keys', () => {
  const keys = keySpace('a/b');
  const key = (text: string): ObjectKey => text as ObjectKey;

  test('map below the prefix and back, and nothing else', () => {
    expect(keys.full(key('x y/é'))).toBe('a/b/x y/é');
    expect(keys.relative('a/b/x')).toBe('x');
    expect(keys.relative('a/b/')).toBeUndefined();
    expect(() => keys.relative('a/bc/x')).toThrow(expect.objectContaining({ code: 'STORE_FAILED' }));
    expect(keys.prefixBytes).toBe(4);
    expect(keySpace('').full(key('x'))).toBe('x');
  });

  test.each(['', '.', '..', 'a/../b', './x', 'a/.', 'a\0', '\ud800'])('refuses %j for reading', (text) => {
    expect(() => keys.full(key(text))).toThrow(expect.objectContaining({ code: 'OBJECT_KEY_REFUSED' }));
  });

  test('refuses an empty segment for writing alone: some services would change another object', () => {
    expect(keys.full(key('a//b'))).toBe('a/b/a//b');
    for (const text of ['a//b', '/a'])
      expect(() => keys.writable(key(text))).toThrow(expect.objectContaining({ code: 'OBJECT_KEY_REFUSED' }));
  });

  test('any key comes back from its encoding', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeListedKey(encodeUri(text, true))).toBe(text);
        expect(encodeUri(text)).toMatch(/^[A-Za-z0-9_.~%-]*$/);
      }),
    );
  });

  test('ETags lose quotes and weakness', () => {
    expect(['"x"', 'W/"x"', 'x', undefined, '"'].map(plainEtag)).toEqual(['x', 'x', 'x', '', '"']);
  });
});

describe('parts', () => {
  test('are 8 MiB, and grow so that 10,000 suffice', () => {
    const mib = 1024 ** 2;
    expect(planParts(8 * mib + 1)).toEqual({ count: 2, partBytes: 8 * mib });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 * 1024 ** 4 }), (size) => {
        const plan = planParts(size);
        if (plan === undefined) {
          expect(size).toBeGreaterThan(48 * 1024 ** 4);
          return;
        }
        expect(plan.count).toBeLessThanOrEqual(10_000);
        expect((plan.count - 1) * plan.partBytes).toBeLessThan(size);
        expect(plan.count * plan.partBytes).toBeGreaterThanOrEqual(size);
      }),
    );
  });
});

describe('the byte budget', () => {
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };

  test('never gives out more than it has, in order, and one larger than all runs alone', async () => {
    const budget = byteBudget(10);
    const log: string[] = [];
    let held = 0;
    const work = (name: string, bytes: number) =>
      budget.use(bytes, async () => {
        held += Math.min(bytes, 10);
        expect(held).toBeLessThanOrEqual(10);
        log.push(name);
        await turns();
        held -= Math.min(bytes, 10);
      });
    await Promise.all([work('a', 6), work('b', 4), work('c', 25), work('d', 1), work('e', 9)]);
    expect(log).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(held).toBe(0);
  });

  test('lets nothing small overtake something large that waits', async () => {
    const budget = byteBudget(10);
    const log: string[] = [];
    const work = (name: string, bytes: number) =>
      budget.use(bytes, async () => {
        log.push(name);
        await turns();
      });
    await Promise.all([work('first', 6), work('large', 10), work('small', 1)]);
    expect(log).toEqual(['first', 'large', 'small']);
  });

  test('gives back after a failure, and forgets who was aborted while waiting', async () => {
    const budget = byteBudget(1);
    const gone = new AbortController();
    const reason = new Error('left');
    const failing = budget.use(1, async () => {
      await turns();
      throw new Error('work failed');
    });
    const waiting = budget.use(1, async () => 'never', gone.signal);
    const last = budget.use(1, async () => 'ran');
    gone.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(failing).rejects.toThrow('work failed');
    expect(await last).toBe('ran');
  });
});

describe('the proxy', () => {
  const env = {
    HTTPS_PROXY: 'http://user:pw@proxy:3128',
    NO_PROXY: 'localhost, .inner.example,10.0.0.1:9000',
  };
  const proxied = (url: string, explicit?: string): string | undefined =>
    proxyFor(new URL(url), explicit, env)?.host;

  test('is that of the scheme, unless NO_PROXY names the host', () => {
    expect(proxied('https://s3.amazonaws.com')).toBe('proxy:3128');
    expect(proxied('http://s3.amazonaws.com')).toBeUndefined();
    expect(proxied('https://localhost:9000')).toBeUndefined();
    expect(proxied('https://s3.inner.example')).toBeUndefined();
    expect(proxied('https://notinner.example')).toBe('proxy:3128');
    expect(proxied('https://10.0.0.1:9000')).toBeUndefined();
    expect(proxied('https://10.0.0.1')).toBe('proxy:3128');
  });

  test('named by the user is used for every host', () => {
    expect(proxied('http://localhost:1', 'other:1')).toBe('other:1');
  });

  test('that is no URL is an error that does not show its password', () => {
    expect(() => proxyFor(new URL('https://x'), 'http://user:secret@:x', {})).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('secret') }),
    );
  });
});
