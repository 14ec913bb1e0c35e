import net from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeRedactor } from '../../../src/config/secret.ts';
import { lockInstance } from '../../../src/daemon/instance-lock.ts';
import type { Notice } from '../../../src/daemon/notices/decide.ts';
import { daemonPlaces } from '../../../src/daemon/places.ts';
import { presentDaemon } from '../../../src/daemon/presence.ts';
import { encode } from '../../../src/daemon/socket/codec.ts';
import { createFakeControl, targetStatus } from '../../support/fake-control.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG';

let temp: TempDir;
beforeEach(async () => {
  temp = await createTempDir();
});
afterEach(() => temp.remove());

/** What any program of this user is told that asks for the status. */
async function answer(path: string): Promise<string> {
  const socket = net.createConnection(path);
  socket.write(encode({ kind: 'request', id: 1, body: { method: 'status' } }));
  let heard = '';
  for await (const chunk of socket) {
    heard += String(chunk);
    if (heard.includes('"result"')) break;
  }
  return heard;
}

test('a secret that a service repeats in its error reaches neither the desktop nor the socket', async () => {
  const places = daemonPlaces(temp.path);
  const lock = lockInstance(places, 'laptop');
  const failure = { code: 'STORE_FAILED', message: `denied for ${SECRET}`, hint: `is ${SECRET} right?` };
  const control = createFakeControl([targetStatus('notes', { phase: 'backoff', error: failure })]);
  const runtime = createFakeRuntime();
  const shown: Notice[] = [];
  let tell = (): void => undefined;
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const presence = await presentDaemon({
    places,
    lock,
    control,
    hello: { version: '1.2.3', pid: 1 },
    // Time passes only after there was something to hear.
    runtime: {
      ...runtime,
      nowMs: runtime.nowMs,
      sleep: async (delayMs, options) => {
        await new Promise(setImmediate);
        await runtime.sleep(delayMs, options);
      },
    },
    env: {},
    show: (notice) => {
      shown.push(notice);
      tell();
    },
    onError: (error) => {
      throw error;
    },
    redact: makeRedactor([SECRET]),
  });
  control.tell({ kind: 'news', target: 'notes', news: { kind: 'trouble-began', offline: false, failure } });
  const heard = await answer(places.socket);
  await told;
  await presence.close();
  lock.release();
  expect(shown.map(({ body }) => body)).toEqual(['Denied for [redacted].']);
  expect(heard).toContain('denied for [redacted]');
  expect(heard).toContain('is [redacted] right?');
  expect(heard).not.toContain(SECRET);
});
