import type { Folder, Staging, StateFiles, WalkItem } from '../../src/engine/ports/folder.ts';
import type { MemoryDisk } from '../../src/local/memory/disk.ts';
import { isFolderKey, keyPath } from '../../src/sync/path.ts';
import type { Client, Process } from './client.ts';
import { die } from './client.ts';
import { Death, type World } from './world.ts';

type Ask = <T>(label: string, call: () => Promise<T>) => Promise<T>;

/** A folder whose every call waits for the scheduler first; a preview that would change something is told. */
export function simFolder(disk: MemoryDisk, client: Client, process: Process, world: World): Folder {
  const opened = disk.open();
  const inner = world.weakening.folder?.(opened, client) ?? opened;
  const ask: Ask = async (label, call) => {
    await world.scheduler.park(process, label);
    return call();
  };
  const change: Ask = (label, call) => {
    if (process.preview) world.violations.push(`a preview changed the disk: ${label}`);
    return ask(label, call);
  };
  return {
    ...inner,
    state: simState(inner.state, client, world, { ask, change }),
    lock: (options) => ask('lock', () => inner.lock(options)),
    walk: (options) => simWalk(() => inner.walk(options), ask, world),
    stat: (path) => ask(`stat ${path}`, () => inner.stat(path)),
    hash: (request) => ask(`hash ${request.path}`, () => inner.hash(request)),
    readSmall: (path, maxBytes) => ask(`read ${path}`, () => inner.readSmall(path, maxBytes)),
    open: (path, expected) =>
      ask(`open ${path}`, async () => {
        const source = await inner.open(path, expected);
        if (source === undefined) return undefined;
        return {
          ...source,
          read: (start, end) => ask(`read from ${path}`, () => source.read(start, end)),
          makeDurable: () => ask(`fsync ${path}`, () => source.makeDurable()),
          unchanged: () => ask(`unchanged ${path}`, () => source.unchanged()),
          close: () => ask(`close ${path}`, () => source.close()),
        };
      }),
    stage: (sizeBytes) => change('stage', async () => simStaging(await inner.stage(sizeBytes), change)),
    place: (placement) => change(`place ${placement.path}`, () => inner.place(placement)),
    remove: (path, expected, ref) => change(`remove ${path}`, () => inner.remove(path, expected, ref)),
    rename: (from, to, expected) => change(`rename ${from} -> ${to}`, () => inner.rename(from, to, expected)),
    setExecutable: (path, executable, expected) =>
      change(`chmod ${path}`, () => inner.setExecutable(path, executable, expected)),
    makeFolder: (path) => change(`mkdir ${path}`, () => inner.makeFolder(path)),
    removeFolder: (path) => change(`rmdir ${path}`, () => inner.removeFolder(path)),
    sync: () => change('fsync folders', () => inner.sync()),
    restoreFromTrash: (ref, path, copyPath) =>
      change(`restore ${path}`, () => inner.restoreFromTrash(ref, path, copyPath)),
    trashStat: (ref) => ask(`stat trash ${ref}`, () => inner.trashStat(ref)),
    cleanTemp: (keep) => change('clean temp', () => inner.cleanTemp(keep)),
    purgeTrash: (options) => change('purge trash', () => inner.purgeTrash(options)),
  };
}

function simStaging(staging: Staging, change: Ask): Staging {
  return {
    temp: staging.temp,
    write: (chunk) => change(`write temp ${staging.temp}`, () => staging.write(chunk)),
    finish: (as) => change(`finish temp ${staging.temp}`, () => staging.finish(as)),
    discard: () => change(`discard temp ${staging.temp}`, () => staging.discard()),
  };
}

function simState(
  state: StateFiles,
  client: Client,
  world: World,
  { ask, change }: { readonly ask: Ask; readonly change: Ask },
): StateFiles {
  return {
    read: (name) => ask(`read .s4/${name}`, () => state.read(name)),
    readRange: (name, start, end) => ask(`read part of .s4/${name}`, () => state.readRange(name, start, end)),
    size: (name) => ask(`size of .s4/${name}`, () => state.size(name)),
    identity: (name) => ask(`identity of .s4/${name}`, () => state.identity(name)),
    replace: (name, chunks, options) =>
      change(`replace .s4/${name}`, () => state.replace(name, chunks, options)),
    append: (name, bytes, options) =>
      change(`append to .s4/${name}`, async () => {
        if (world.faults.strikes('torn-journal', 60)) {
          await state.append(name, bytes.slice(0, world.random(bytes.byteLength + 1)), { sync: false });
          die(client, world, false);
          throw new Death('in the middle of an append');
        }
        return state.append(name, bytes, options);
      }),
    remove: (name) => change(`remove .s4/${name}`, () => state.remove(name)),
  };
}

/** A walk that a user overtakes: what comes after some top-level name is of a later moment. */
async function* simWalk(
  walk: () => AsyncIterable<readonly WalkItem[]>,
  ask: Ask,
  world: World,
): AsyncGenerator<readonly WalkItem[]> {
  const collect = async (): Promise<WalkItem[]> => {
    const items: WalkItem[] = [];
    for await (const batch of walk()) items.push(...batch);
    return items;
  };
  const first = await ask('walk', collect);
  if (first.length === 0 || !world.faults.strikes('torn-walk', 6)) {
    yield first;
    return;
  }
  const pivot = topName(first[world.random(first.length)]);
  const second = await ask(`walk on from ${pivot}`, collect);
  yield [
    ...first.filter((item) => topName(item) < pivot),
    ...second.filter((item) => topName(item) >= pivot),
  ];
}

function topName(item: WalkItem | undefined): string {
  const path = pathOf(item);
  return path.split('/', 1)[0] ?? '';
}

function pathOf(item: WalkItem | undefined): string {
  switch (item?.kind) {
    case undefined:
      return '';
    case 'entry':
      return isFolderKey(item.row.key) ? keyPath(item.row.key) : item.row.key;
    case 'rules':
      return item.folder ?? '';
    case 'problem':
    case 'notice':
    case 'ignored':
      return item.path ?? '';
  }
}
