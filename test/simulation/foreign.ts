import type { FaultName } from './faults.ts';
import { pickOf, type World } from './world.ts';

const KEYS = ['a', 'b', 'c.txt', 'd/x', 'keep/one', 'new/from/outside'];
const BAD_KEYS = [
  '../up',
  '/absolute',
  'x//y',
  'd/./z',
  '.S4/journal.jsonl',
  'k/.s4/target.json',
  'back\\slash',
];
const decoder = new TextDecoder();
const LOG = /^\.s4\/(?:heads\/|segments\/|bell$)/;

/** Another tool writes to the bucket, without a look at what is there. It counts as having seen it. */
export function meddle(world: World): void {
  const { faults } = world;
  if (faults.strikes('foreign-write', 3)) write(world, 'plain');
  if (faults.strikes('foreign-stale-metadata', 3)) write(world, 'stale');
  if (faults.strikes('foreign-delete', 4)) remove(world);
  if (faults.strikes('foreign-bad-key', 4)) writeBadKey(world);
  for (const name of ['log-lost', 'log-corrupt', 'log-forged'] as const) {
    if (faults.strikes(name, 3)) tamperWithLog(world, name);
  }
}

function write(world: World, how: 'plain' | 'stale'): void {
  const { server, random, ledger, scheduler, keys } = world;
  const key = pickOf(KEYS, random);
  if (clashes(world, key)) return;
  const history = server.history(key);
  const current = server.bytes(key);
  if (current !== undefined) ledger.gaveUp(textOf(server, key));
  const content = `foreign wrote ${String(ledger.written).padStart(3, '0')}`;
  // s3fs rewrites an object and leaves its user metadata as it was, with the hash of the old bytes.
  const metadata = how === 'stale' ? history.at(-1)?.content?.metadata : undefined;
  // A symlink's metadata on a plain file is what the other tool says it is: its text.
  const link = metadata?.['mode']?.startsWith('012') === true;
  server.put(key, content, metadata ?? {});
  keys.add(key);
  ledger.wrote(link ? `-> ${content}` : content);
  scheduler.say(`  foreign: writes ${content} to ${key}${how === 'stale' ? ' with stale metadata' : ''}`);
}

function remove(world: World): void {
  const { server, random, ledger, scheduler } = world;
  const key = pickOf(KEYS, random);
  if (server.bytes(key) === undefined) return;
  ledger.gaveUp(textOf(server, key));
  server.remove(key);
  scheduler.say(`  foreign: removes ${key}`);
}

function writeBadKey(world: World): void {
  const { server, random, scheduler, keys, ledger } = world;
  const key = pickOf(BAD_KEYS, random);
  const content = `foreign bad ${ledger.written}`;
  server.put(key, content);
  keys.add(key);
  scheduler.say(`  foreign: writes ${key}`);
}

function tamperWithLog(world: World, how: FaultName): void {
  const { server, random, scheduler } = world;
  const candidates = server.keys().filter((key) => LOG.test(key));
  if (candidates.length === 0) return;
  const key = pickOf(candidates, random);
  const other = pickOf(candidates, random);
  if (how === 'log-lost') server.remove(key);
  else if (how === 'log-corrupt') server.put(key, `{"s4":"head","version":1,"garbage":${random(1000)}`);
  else server.put(key, server.bytes(other) ?? '');
  scheduler.say(`  foreign: ${how} ${key}`);
}

/** A file and a folder of one name are trouble that a person must end: not made here on purpose. */
function clashes({ server }: World, key: string): boolean {
  return server.keys().some((known) => known.startsWith(`${key}/`) || key.startsWith(`${known}/`));
}

/** The content as a tree shows it. */
export function textOf(server: World['server'], key: string): string {
  const current = server.history(key).at(-1)?.content;
  const text = decoder.decode(current?.bytes);
  return current?.metadata['mode']?.startsWith('012') === true ? `-> ${text}` : text;
}
