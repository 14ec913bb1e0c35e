import { expect, it } from 'vitest';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import { headClient } from '../../../src/remote-log/keys.ts';
import { createDaemonWorld } from '../../support/daemon-world.ts';
import { seededRandom } from '../../support/fake-runtime.ts';
import { publisher } from '../../support/publisher.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FILES = 60;

const kinds = (events: readonly { readonly kind: string }[], kind: string) =>
  events.filter((event) => event.kind === kind);

it('asks for the bell, the heads and an hourly listing in an idle day, and writes nothing', async () => {
  const world = createDaemonWorld();
  const a = await world.machine('a');
  await world.pass(2 * HOUR);
  const before = (await a.status()).requests;
  await world.pass(24 * HOUR);
  const after = (await a.status()).requests;
  const made = (kind: string) => (after[kind] ?? 0) - (before[kind] ?? 0);
  // Every 30 s, spread by a fifth; heads every ten minutes; everything once an hour, and not with the walks.
  expect(made('GET')).toBeGreaterThan(24 * 110);
  expect(made('GET')).toBeLessThan(24 * 160);
  expect(made('LIST')).toBeLessThan(24 * 8);
  expect(made('PUT') + made('DELETE') + made('COPY')).toBe(0);
  await world.stop();
}, 180_000);

it('ends equal and lossless after a day of edits and network cuts, and tells each cut once', async () => {
  const world = createDaemonWorld();
  const a = await world.machine('a');
  const b = await world.machine('b');
  const random = seededRandom(7);
  const written = new Map<string, string>();
  let cuts = 0;
  // Many files: what is deleted in a day stays far below what a guard would halt.
  for (let file = 0; file < FILES; file++) {
    for (const [name, machine] of [
      ['a', a],
      ['b', b],
    ] as const) {
      machine.edit(`${name}/${file}.txt`, (user) => user.write(`${name}/${file}.txt`, 'first'));
      written.set(`${name}/${file}.txt`, 'first');
    }
  }
  for (let hour = 0; hour < 24; hour++) {
    for (const machine of [a, b]) {
      const isCut = random(3) === 0;
      if (isCut && !machine.isCut) cuts++;
      machine.isCut = isCut;
    }
    for (let edit = 0; edit < 3; edit++) {
      // Each writes below its own folder: nothing of theirs can clash.
      for (const [name, machine] of [
        ['a', a],
        ['b', b],
      ] as const) {
        const path = `${name}/${random(FILES)}.txt`;
        const text = `${hour}.${edit} ${random(1000)}`;
        if (random(8) === 0 && written.delete(path)) machine.edit(path, (user) => user.remove(path));
        else {
          machine.edit(path, (user) => user.write(path, text));
          written.set(path, text);
        }
      }
      await world.pass(20 * MINUTE);
    }
  }
  a.isCut = false;
  b.isCut = false;
  await world.pass(15 * MINUTE);
  expect(a.user.tree()).toEqual(b.user.tree());
  expect(a.user.tree()).toEqual(Object.fromEntries([...written].sort()));
  const news = [...kinds(a.events, 'news'), ...kinds(b.events, 'news')].map((event) => JSON.stringify(event));
  expect(news.filter((text) => text.includes('trouble-began'))).toHaveLength(cuts);
  expect(news.filter((text) => text.includes('trouble-ended'))).toHaveLength(cuts);
  for (const machine of [a, b]) expect((await machine.status()).phase).toBe('idle');
  await world.stop();
}, 180_000);

it('makes no echo: two daemons come to rest after each of many edits', async () => {
  const world = createDaemonWorld();
  const a = await world.machine('a');
  const b = await world.machine('b');
  await world.pass(MINUTE);
  const uploads = () =>
    [...a.events, ...b.events].filter(
      (event) =>
        event.kind === 'sync' &&
        event.event.kind === 'operation-finished' &&
        event.event.operation.direction === 'up',
    ).length;
  const EDITS = 100;
  for (let edit = 0; edit < EDITS; edit++) {
    const [machine, path] =
      edit % 2 === 0 ? ([a, `a${edit % 10}.txt`] as const) : ([b, `b${edit % 10}.txt`] as const);
    machine.edit(path, (user) => user.write(path, `edit ${edit}`));
    await world.pass(5_000);
  }
  await world.pass(10 * MINUTE);
  expect(a.user.tree()).toEqual(b.user.tree());
  expect(uploads()).toBe(EDITS);
  await world.stop();
}, 180_000);

it('hears what a clone of it writes under its id, once it has taken another', async () => {
  const world = createDaemonWorld();
  const a = await world.machine('a');
  a.edit('one.txt', (user) => user.write('one.txt', 'one'));
  await world.pass(MINUTE);
  const heads = () => world.server.keys().filter((key) => key.startsWith('.s4/heads/'));
  const [shared = ''] = heads();
  const found = await world.server.connect(world.runtime).head(shared as ObjectKey);
  if (found.kind !== 'found') throw new Error('it published nothing');
  const cursor = { sequence: 1, headEtag: found.state.token.etag, unpublished: 0 };
  const clone = publisher(world.server, headClient(shared) ?? '', cursor);
  await clone('one.txt');
  a.edit('two.txt', (user) => user.write('two.txt', 'two'));
  await world.pass(MINUTE);
  expect(JSON.stringify(a.events)).toContain('this machine took a new id');
  a.edit('three.txt', (user) => user.write('three.txt', 'three'));
  await world.pass(MINUTE);
  expect(heads()).toHaveLength(2);
  world.server.put('one.txt', "the clone's");
  await clone('one.txt');
  await world.pass(MINUTE);
  expect(a.user.read('one.txt')).toBe("the clone's");
  await world.stop();
});
