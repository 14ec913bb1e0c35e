import { arm, type Client, die, join } from './client.ts';
import { pickOf, type World } from './world.ts';

const FILES = ['target.json', 'index.json.gz', 'index.prev.json.gz', 'journal.jsonl'];

/** What befalls `.s4` while no process runs: lost, damaged, restored from another moment, copied from elsewhere. */
export async function harmState(client: Client, world: World): Promise<void> {
  const { faults, scheduler } = world;
  if (client.running.length > 0) return;
  if (client.daemon !== undefined) {
    if (world.random(2) === 0) return;
    die(client, world, false);
  }
  await backUp(client, world);
  const say = (what: string): void => scheduler.say(`  .s4 of ${client.name}: ${what}`);
  const lose = (name: string): void => client.user.remove(`.s4/${name}`);
  if (faults.strikes('index-lost', 6)) {
    lose('index.json.gz');
    if (world.random(2) === 0) lose('index.prev.json.gz');
    say('index lost');
  }
  if (faults.strikes('journal-lost', 6)) {
    lose('journal.jsonl');
    say('journal lost');
  }
  if (faults.strikes('index-corrupt', 6)) await damage(client, 'index.json.gz', world);
  if (faults.strikes('journal-corrupt', 6)) await damage(client, 'journal.jsonl', world);
  if (faults.strikes('index-restored', 6)) restore(client, ['index.json.gz'], world);
  if (faults.strikes('state-restored', 8)) restore(client, FILES, world);
  if (faults.strikes('state-copied', 8)) await copyFrom(pickOf(world.clients, world.random), client, world);
  if (faults.strikes('state-lost', 12)) {
    client.user.remove('.s4/target.json');
    say('marker lost; its user adds the folder again');
    client.disk.setFreeBytes(undefined);
    client.disk.beforeStep(undefined);
    client.target = await join(client, world);
    arm(client, world);
  }
}

async function readState(client: Client): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = client.disk.open();
  const files = new Map<string, Uint8Array>();
  for (const name of FILES) {
    const bytes = await folder.state.read(name);
    if (bytes !== undefined) files.set(name, bytes);
  }
  await folder.close();
  return files;
}

async function backUp(client: Client, world: World): Promise<void> {
  if (world.random(2) === 0) client.backups.push(await readState(client));
}

function restore(client: Client, names: readonly string[], world: World): void {
  if (client.backups.length === 0) return;
  const backup = pickOf(client.backups, world.random);
  putBack(client, backup, names);
  world.scheduler.say(`  .s4 of ${client.name}: ${names.join(', ')} from an old backup`);
}

function putBack(client: Client, files: ReadonlyMap<string, Uint8Array>, names: readonly string[]): void {
  for (const name of names) {
    const bytes = files.get(name);
    client.user.remove(`.s4/${name}`);
    if (bytes !== undefined) client.user.write(`.s4/${name}`, bytes);
  }
}

/** `cp -a` of another folder's `.s4`, or of a whole machine's configuration with it. */
async function copyFrom(from: Client, to: Client, world: World): Promise<void> {
  if (from === to) return;
  putBack(to, await readState(from), FILES);
  const config = world.random(2) === 0;
  if (config) to.target = { ...to.target, clientId: from.target.clientId };
  world.scheduler.say(`  .s4 of ${to.name}: copied from ${from.name}${config ? ', with its config' : ''}`);
}

async function damage(client: Client, name: string, world: World): Promise<void> {
  const bytes = (await readState(client)).get(name);
  if (bytes === undefined || bytes.byteLength === 0) return;
  const damaged = world.random(2) === 0 ? bytes.slice(0, world.random(bytes.byteLength)) : bytes.slice();
  if (damaged.byteLength > 0) {
    const at = world.random(damaged.byteLength);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << world.random(8));
  }
  client.user.write(`.s4/${name}`, damaged);
  world.scheduler.say(`  .s4 of ${client.name}: ${name} damaged`);
}
