// A bad network between s4 and the store: delays, cuts, throttles and corrupts, at chance with a seed.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const REQUEST_LINE = /^(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP\/1\.1\r\n/;
const HEADER_END = Buffer.from('\r\n\r\n');
const SLICE_BYTES = 4096;
const WRITES = new Set(['PUT', 'POST', 'DELETE']);

/** Shares of requests, by weather. */
const WEATHER = {
  calm: {},
  breeze: {
    delay: 0.06,
    refuse: 0.008,
    'cut request': 0.006,
    'lose response': 0.006,
    'cut response': 0.006,
    'flip up': 0.004,
    'flip down': 0.004,
    throttle: 0.02,
  },
  storm: {
    delay: 0.15,
    refuse: 0.07,
    'cut request': 0.05,
    'lose response': 0.07,
    'cut response': 0.05,
    'flip up': 0.03,
    'flip down': 0.03,
    throttle: 0.05,
  },
};

/** @typedef {Awaited<ReturnType<typeof startProxy>>} Proxy */

/** @param {{random: import('./random.mjs').Random, upstreamPort: number}} options */
export async function startProxy({ random, upstreamPort }) {
  let honoursConditions = true;
  const faults = {};
  const methods = {};
  const open = new Set();
  let weather = 'calm';
  const faultFor = (method) => {
    const shares = WEATHER[weather];
    const name = random.weighted({ none: 1 - sum(shares), ...shares });
    // Only what has bytes can have them turned over.
    const fits = !(name === 'flip up' || name === 'cut request') || method === 'PUT' || method === 'POST';
    if (name === 'none' || !fits || (name === 'flip down' && method !== 'GET')) return 'none';
    faults[name] = (faults[name] ?? 0) + 1;
    return name;
  };
  const begin = (method) => {
    methods[method] = (methods[method] ?? 0) + 1;
    return {
      fault: faultFor(method),
      up: createMeter(),
      down: createMeter(),
      at: random.next(),
      delayMs: random.between(20, 1500),
    };
  };
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    const line = { client, upstream, exchange: undefined };
    const end = () => {
      client.destroy();
      upstream.destroy();
      open.delete(end);
    };
    open.add(end);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    // A socket that is destroyed ends its loop with an error: that is what it is for.
    carryRequests(line, begin, end, (chunk) => (honoursConditions ? chunk : withoutConditions(chunk))).catch(
      end,
    );
    carryResponses(line, end).catch(end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    /** How often each fault was done. */
    faults,
    /** Requests seen, by method. */
    methods,
    /** From now on the store does whatever it is asked to, under whatever condition. */
    ignoreConditions: () => {
      honoursConditions = false;
    },
    setWeather: (next) => {
      weather = next;
    },
    close: async () => {
      for (const end of [...open]) end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function carryRequests(line, begin, end, rewrite) {
  for await (const received of line.client) {
    const method = REQUEST_LINE.exec(received.subarray(0, 8192).toString('latin1'))?.[1];
    if (method !== undefined) line.exchange = begin(method);
    const chunk = WRITES.has(method) ? rewrite(received) : received;
    const { fault, up, at, delayMs } = line.exchange;
    if (fault === 'refuse') return end();
    if (fault === 'delay' && method !== undefined) await sleep(delayMs);
    const bodyStart = up.bodyIn(chunk);
    if (fault === 'flip up') flip(chunk, bodyStart, at, up);
    if (fault === 'cut request' && bodyStart < chunk.length && (at < 0.5 || up.bodyBytes > SLICE_BYTES)) {
      await pass(line.upstream, chunk.subarray(0, bodyStart + Math.floor((chunk.length - bodyStart) * at)));
      return end();
    }
    await (fault === 'throttle' ? trickle(line.upstream, chunk, at) : pass(line.upstream, chunk));
  }
  line.upstream.end();
}

async function carryResponses(line, end) {
  for await (const chunk of line.upstream) {
    const { fault, down, at, delayMs } = line.exchange;
    // The store has done it, and nobody hears of it.
    if (fault === 'lose response') return end();
    if (fault === 'delay' && down.total === 0) await sleep(delayMs / 4);
    const bodyStart = down.bodyIn(chunk);
    if (fault === 'flip down') flip(chunk, bodyStart, at, down);
    if (fault === 'cut response') {
      await pass(line.client, chunk.subarray(0, Math.floor(chunk.length * at)));
      return end();
    }
    await (fault === 'throttle' ? trickle(line.client, chunk, at) : pass(line.client, chunk));
  }
  line.client.end();
}

/** Only what is asked of a write; a read may still be pinned to a version. */
function withoutConditions(chunk) {
  const end = chunk.indexOf(HEADER_END) + HEADER_END.length;
  const headers = chunk
    .subarray(0, end)
    .toString('latin1')
    .replace(/^if-(?:none-)?match:.*\r\n/gim, '');
  return Buffer.concat([Buffer.from(headers, 'latin1'), chunk.subarray(end)]);
}

/** Knows where the headers of a message end. */
function createMeter() {
  let tail = Buffer.alloc(0);
  let inBody = false;
  const meter = {
    total: 0,
    bodyBytes: 0,
    flipped: false,
    /** Where the body begins in this chunk; its length when it does not. */
    bodyIn: (chunk) => {
      meter.total += chunk.length;
      let start = 0;
      if (!inBody) {
        const joined = Buffer.concat([tail, chunk]);
        const found = joined.indexOf(HEADER_END);
        inBody = found >= 0;
        start = inBody ? found + HEADER_END.length - tail.length : chunk.length;
        tail = joined.subarray(-3);
      }
      meter.bodyBytes += chunk.length - start;
      return start;
    },
  };
  return meter;
}

/** Turns over one bit of the first body bytes that pass. */
function flip(chunk, bodyStart, at, meter) {
  if (meter.flipped || bodyStart >= chunk.length) return;
  meter.flipped = true;
  chunk[bodyStart + Math.floor((chunk.length - bodyStart) * at)] ^= 1 << (Math.floor(at * 997) % 8);
}

async function pass(socket, bytes) {
  if (bytes.length > 0 && !socket.write(bytes)) await once(socket, 'drain');
}

async function trickle(socket, chunk, at) {
  for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
    await pass(socket, chunk.subarray(start, start + SLICE_BYTES));
    await sleep(5 + at * 60);
  }
}

function sum(shares) {
  return Object.values(shares).reduce((total, share) => total + share, 0);
}
