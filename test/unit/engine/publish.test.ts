import { describe, expect, it } from 'vitest';
import type { CycleDeps } from '../../../src/engine/cycle.ts';
import type { LogCursor } from '../../../src/engine/ports/base.ts';
import { hostLookup, publishFacts } from '../../../src/engine/publish.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import type { LogFact } from '../../../src/formats/head-codec.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { readHeads } from '../../../src/remote-log/reader.ts';
import type { MemoryServer } from '../../../src/stores/memory/memory-server.ts';
import { createWorld, type Machine } from '../../support/machines.ts';
import { key } from '../../support/operation-room.ts';
import { publisher } from '../../support/publisher.ts';
import { ME, type SessionRoom, sessionRoom } from '../../support/session-room.ts';

/** What one cycle tells the others, and what it owes them where it cannot. */

const [AA, BB, CC] = ['a', 'b', 'c'].map((letter) => letter.repeat(16)) as [string, string, string];
const FACT: LogFact = {
  ...{ path: key('f'), op: 'put', etag: 'e', sizeBytes: 1, mtimeNs: 1n, mode: '0100644', atMs: 5 },
};

/** A session with a cursor, and a log of what is asked of the store. */
async function room(cursor: Partial<LogCursor> = {}) {
  const at = await sessionRoom();
  await at.here.base.record({ cursor: { sequence: 0, unpublished: 0, writing: true, ...cursor } });
  at.here.gate(async (moment, request, name) => {
    if (moment === 'request') at.steps.push(`${request} ${name}`);
  });
  return at;
}

/** What the others hear of this client. */
async function heard({ here }: SessionRoom) {
  const { news } = await readHeads({ store: here.server.connect(here.runtime), known: new Map() });
  return news.map(({ client, host, entries, gap }) => ({
    client,
    host,
    gap,
    paths: entries.map((e) => e.path),
  }));
}

const tells = (path: string) => [{ client: ME, host: 'test-host', gap: false, paths: [path] }];

describe('the facts of a cycle', () => {
  it('are told once the store is known for ours, and then nothing is owed, durably', async () => {
    const at = await room({ unpublished: 1 });
    const session = at.session();
    session.facts.push(FACT);
    await publishFacts(session);
    expect(at.steps[0]).toBe('store is ours');
    expect(await heard(at)).toEqual(tells('f'));
    const { cursor } = at.here.base;
    expect(cursor).toEqual({ sequence: 1, unpublished: 0, headEtag: expect.any(String) });
    at.here.disk.powerLoss();
    expect(at.here.disk.user.read('.s4/journal.jsonl')).toContain(cursor.headEtag);
    expect(at.told()).toEqual([]);
  });

  it('are told though none was counted', async () => {
    const at = await room();
    const session = at.session();
    session.facts.push(FACT);
    await publishFacts(session);
    expect(await heard(at)).toEqual(tells('f'));
  });

  it('cost no request where there are none and nothing is owed: writing has ended', async () => {
    const at = await room();
    await publishFacts(at.session());
    expect(at.steps).toEqual([]);
    expect(at.here.base.cursor).toEqual({ sequence: 0, unpublished: 0 });
  });

  it.each([
    [{ unpublished: 2 }, ['GET', 'PUT', 'PUT']],
    [{ headWrite: `${ME}.1` }, ['GET', 'PUT']],
    [{ bellPending: true }, ['GET', 'PUT']],
  ] as const)('that an earlier run left owed are completed: %j', async (cursor, requests) => {
    const at = await room(cursor);
    await publishFacts(at.session());
    expect(at.steps[0]).toBe('store is ours');
    expect(at.steps.slice(1).map((step) => step.split(' ')[0])).toEqual(requests);
    expect(at.steps.at(-1)).toBe('PUT .s4/bell');
    expect(at.here.base.cursor).toMatchObject({ unpublished: 0 });
    expect(at.here.base.cursor.bellPending).toBeUndefined();
    expect(at.here.base.cursor.writing).toBeUndefined();
  });

  it('are not told to a store that is another one by now', async () => {
    const at = await room({ unpublished: 1 });
    const swapped = new S4Error('STORE_FOREIGN', 'another target');
    const session = { ...at.session(), storeIsOurs: () => Promise.reject(swapped) };
    session.facts.push(FACT);
    await expect(publishFacts(session)).rejects.toBe(swapped);
    expect(at.steps).toEqual([]);
    expect(at.here.base.cursor).toMatchObject({ unpublished: 1, writing: true });
  });

  it('stay owed where the log cannot be written, and that is a notice: the sync has not failed', async () => {
    const at = await room({ unpublished: 1 });
    at.here.gate(async () => {
      throw new S4Error('STORE_FAILED', 'slow down');
    });
    const session = at.session();
    session.facts.push(FACT);
    await publishFacts(session);
    expect(at.told()).toEqual(['log-unavailable -: the log of changes could not be written: slow down']);
    expect(at.here.base.cursor).toMatchObject({ unpublished: 1, writing: true });
  });

  it('stay owed where it is interrupted, and that is no notice', async () => {
    const at = await room({ unpublished: 1 });
    const stop = new AbortController();
    stop.abort(new Error('Ctrl-C'));
    const session = at.session({ options: { signal: stop.signal } });
    session.facts.push(FACT);
    await expect(publishFacts(session)).rejects.toThrow('Ctrl-C');
    expect(at.told()).toEqual([]);
    expect(at.here.base.cursor).toMatchObject({ unpublished: 1, writing: true });
  });
});

describe('another machine that writes under our id', () => {
  it.each([true, false])('makes us take a new one, and say so (config asked: %s)', async (asked) => {
    const at = await room({ unpublished: 1 });
    await publisher(at.here.server, ME)('theirs');
    const taken: string[] = [];
    const onNewClient = async (id: string): Promise<void> => void taken.push(id);
    const deps: Partial<CycleDeps> = asked ? { onNewClient } : {};
    const session = at.session({ deps });
    session.facts.push(FACT);
    await publishFacts(session);
    const marker = JSON.parse(at.here.disk.user.read('.s4/target.json') ?? '{}');
    expect(marker).toMatchObject({ targetId: 'target' });
    expect(marker.clientId).not.toBe(ME);
    expect(taken).toEqual(asked ? [marker.clientId] : []);
    expect(at.told()).toEqual([
      'index-copied -: the log tells of this client id what is not known here (a cloned disk, or an index that was lost): this machine took a new id',
    ]);
    const others = { host: 'test-host', gap: false };
    expect(new Set(await heard(at))).toEqual(
      new Set([
        { client: ME, ...others, paths: ['theirs'] },
        // What was done under the id that is left is told under the new one.
        { client: marker.clientId, ...others, paths: ['f'] },
      ]),
    );
  });

  it('makes us owe under the new id what could not be told under it either', async () => {
    const at = await room({ unpublished: 1 });
    await publisher(at.here.server, ME)('theirs');
    at.here.gate(async (moment, request) => {
      if (moment === 'request' && request === 'PUT') throw new S4Error('STORE_FAILED', 'slow down');
    });
    const session = at.session();
    session.facts.push(FACT);
    await publishFacts(session);
    expect(at.told().map((line) => line.split(' ')[0])).toEqual(['index-copied', 'log-unavailable']);
    const { clientId } = JSON.parse(at.here.disk.user.read('.s4/target.json') ?? '{}');
    const { state } = at.here.folder;
    const base = await openBase({ state, targetId: 'target', clientId, mode: 'read' });
    expect([base.trust, base.cursor.unpublished]).toEqual(['evidence', 1]);
  });

  it('is told nothing where there is nothing to tell', async () => {
    const at = await room({ unpublished: 1 });
    await publisher(at.here.server, ME)('theirs');
    await publishFacts(at.session());
    expect((await heard(at)).map(({ paths }) => paths)).toEqual([['theirs']]);
  });
});

describe('the host behind a client id', () => {
  const lookup = ({ here }: SessionRoom, signal?: AbortSignal) => hostLookup(here, ME, signal);

  it('is our own without asking', async () => {
    const at = await room();
    expect(await lookup(at)(ME)).toBe('test-host');
    expect(at.steps).toEqual([]);
  });

  it('is what its log says; the log is read once, and the own head not', async () => {
    const at = await room();
    for (const client of [AA, BB, ME]) await publisher(at.here.server, client)('f');
    at.steps.length = 0;
    const host = lookup(at);
    expect(await Promise.all([AA, BB, CC].map(host))).toEqual(['test-host', 'test-host', undefined]);
    expect(await host(BB)).toBe('test-host');
    expect(at.steps).toEqual(['LIST .s4/heads/', `GET .s4/heads/${AA}.json`, `GET .s4/heads/${BB}.json`]);
  });

  it('is unknown where the log cannot be read', async () => {
    const at = await room();
    at.here.gate(async () => {
      throw new S4Error('STORE_FAILED', 'slow down');
    });
    expect(await lookup(at)(AA)).toBeUndefined();
  });

  it('is not taken for unknown where the asking is interrupted', async () => {
    const at = await room();
    const stop = new AbortController();
    stop.abort(new Error('Ctrl-C'));
    await expect(lookup(at, stop.signal)(AA)).rejects.toThrow('Ctrl-C');
  });
});

describe('a sync after which the client has another id', () => {
  const INDEX = ['index.json.gz', 'index.prev.json.gz', 'journal.jsonl'];

  it.each([
    [
      'because another machine writes under it',
      async ({ target }: Machine, server: MemoryServer) => {
        server.remove(`.s4/heads/${target.clientId}.json`);
        await publisher(server, target.clientId)('theirs');
      },
    ],
    [
      'because the index was lost, and with it which head is ours',
      async ({ user }: Machine) => {
        for (const name of INDEX) user.remove(`.s4/${name}`);
      },
    ],
  ] as const)('has told the others what it did, and the next ones go on from there: %s', async (_, doubt) => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    for (const name of ['f', 'keep']) a.user.write(name, name);
    await a.sync();
    await b.sync();
    const left = a.target.clientId;
    await doubt(a, world.server);
    let { known } = await readHeads({ store: b.store, known: undefined });
    const heardOf = async (): Promise<unknown> => {
      const reading = await readHeads({ store: b.store, known });
      known = reading.known;
      return [reading.complete, reading.news.flatMap(({ entries }) => entries.map(({ path }) => path))];
    };
    a.user.write('new', 'new');
    await a.sync();
    const { clientId } = a.target;
    expect(clientId).not.toBe(left);
    expect(await heardOf()).toEqual([true, ['new']]);
    await a.sync();
    expect(await heardOf()).toEqual([true, []]);
    a.user.write('f', 'edited');
    await a.sync();
    expect(await heardOf()).toEqual([true, ['f']]);
    expect(a.target.clientId).toBe(clientId);
  });
});
