import { namedPaths } from '../../src/daemon/listen/named-paths.ts';
import type { CycleDeps, CycleResult } from '../../src/engine/cycle.ts';
import type { LiveTarget } from '../../src/engine/live-target.ts';
import { openLiveTarget } from '../../src/engine/open-live-target.ts';
import { isS4Error } from '../../src/lib/errors.ts';
import type { MemoryUser } from '../../src/local/memory/user.ts';
import { pollBell } from '../../src/remote-log/bell.ts';
import { type KnownHeads, readHeads } from '../../src/remote-log/reader.ts';
import type { RelPath } from '../../src/sync/path.ts';
import type { Client, Process } from './client.ts';
import { pickOf, type World } from './world.ts';

/** A target that stays open between cycles, as in a daemon: it dies with its client, not with a cycle. */
export interface Daemon {
  readonly process: Process;
  readonly deps: CycleDeps;
  target?: LiveTarget;
  /** Of the bell whose heads were read. */
  heardEtag: string | undefined;
  known: KnownHeads | undefined;
  /** What the logs of others named, and no cycle that ended well has looked at. */
  readonly named: Set<RelPath>;
  /** Only a look at everything will do: something was missed, and it is known. */
  wholeDue: boolean;
}

export interface LiveCycle {
  readonly whole: boolean;
  readonly approve: string | undefined;
}

/** Opens the target where that is to be done, listens, and runs a cycle over what was heard. */
export async function liveCycle(
  daemon: Daemon,
  client: Client,
  world: World,
  { whole, approve }: LiveCycle,
): Promise<CycleResult> {
  daemon.target ??= await openLiveTarget(daemon.deps);
  await listen(daemon, client, world);
  const local = hear(client, world);
  const remote = [...daemon.named];
  const focus = { local, remote, ...(world.random(6) === 0 && { walk: true as const }) };
  const isWhole = whole || daemon.wholeDue;
  world.scheduler.say(
    isWhole ? '  looks at everything' : `  looks at ${local.join(' ')} | ${remote.join(' ')}`,
  );
  const result = await daemon.target
    .cycle({
      mode: 'sync',
      ...(approve !== undefined && { approve }),
      ...(!isWhole && { focus }),
    })
    .catch((error: unknown) => {
      for (const path of local) client.heard.add(path);
      throw error;
    });
  if (result.kind === 'halted') {
    for (const path of local) client.heard.add(path);
    return result;
  }
  daemon.wholeDue = false;
  for (const path of remote) daemon.named.delete(path);
  return result;
}

/** What the watcher tells: hints may be lost, late, told twice, or about nothing. */
function hear({ heard }: Client, { faults, random }: World): readonly RelPath[] {
  const told = new Set<RelPath>();
  for (const path of [...heard]) {
    if (faults.strikes('hint-late', 4)) continue;
    if (!faults.strikes('hint-twice', 4)) heard.delete(path);
    if (!faults.strikes('hint-lost', 6)) told.add(path);
  }
  if (faults.strikes('hint-false', 4)) told.add(pickOf(['a', 'd', 'd/e', 'g/h', 'keep'], random) as RelPath);
  const isBelow = (path: RelPath): boolean => [...told].some((above) => path.startsWith(`${above}/`));
  return [...told].filter((path) => !isBelow(path)).sort();
}

/** The bell, and if it rang the heads that changed. What fails here is tried again at the next look. */
async function listen(daemon: Daemon, client: Client, world: World): Promise<void> {
  const { store } = daemon.deps;
  if (world.faults.strikes('bell-missed', 4)) return;
  try {
    const bell = await pollBell(store, daemon.heardEtag);
    if (bell.kind === 'quiet') return;
    const reading = await readHeads({ store, self: client.target.clientId, known: daemon.known });
    if (daemon.known === undefined || !reading.complete) daemon.wholeDue = true;
    daemon.known = reading.known;
    for (const path of namedPaths(reading.news)) daemon.named.add(path);
    daemon.heardEtag = bell.kind === 'rang' ? bell.etag : undefined;
  } catch (error) {
    if (!isS4Error(error)) throw error;
  }
}

/** A user whose changes a watcher hears, with the topmost of the folders that they make. */
export function heardUser(user: MemoryUser, heard: Set<RelPath>): MemoryUser {
  const note = (path: string): void => {
    if (path.startsWith('.s4')) return;
    heard.add(path as RelPath);
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth++) {
      const above = names.slice(0, depth).join('/');
      if (Object.keys(user.tree(above)).length > 0) continue;
      heard.add(above as RelPath);
      return;
    }
  };
  const noting =
    <Rest extends readonly unknown[]>(act: (path: string, ...rest: Rest) => void) =>
    (path: string, ...rest: Rest): void => {
      note(path);
      act(path, ...rest);
    };
  return {
    ...user,
    write: noting(user.write),
    append: noting(user.append),
    save: noting(user.save),
    symlink: noting(user.symlink),
    mkdir: noting(user.mkdir),
    fifo: noting(user.fifo),
    chmod: noting(user.chmod),
    touch: noting(user.touch),
    remove: noting(user.remove),
    rename: (from, to) => {
      note(from);
      note(to);
      user.rename(from, to);
    },
  };
}
