import { fileVersions } from '../../../src/engine/history/file-versions.ts';
import { planRestore, type RestoreRequest } from '../../../src/engine/history/plan-restore.ts';
import { type Restored, restoreVersions } from '../../../src/engine/history/restore.ts';
import { withLockedBase } from '../../../src/engine/history/with-locked-base.ts';
import type { OperationContext } from '../../../src/engine/operations/context.ts';
import type { FileVersion, RestorePlan } from '../../../src/engine/ports/history.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import type { Machine, World } from '../../support/machines.ts';

/** Writes and syncs, a minute after what was before. @returns when the store had it */
export async function write(world: World, machine: Machine, path: string, text: string): Promise<number> {
  world.tick(60_000);
  machine.user.write(path, text);
  await machine.sync();
  return machine.runtime.nowMs();
}

export async function plan(machine: Machine, request: RestoreRequest): Promise<RestorePlan> {
  const folder = machine.disk.open();
  const { id: targetId, clientId } = machine.target;
  const base = await openBase({ state: folder.state, targetId, clientId, mode: 'read' });
  try {
    return await planRestore(request, { store: machine.store, folder, base });
  } finally {
    await folder.close();
  }
}

export async function restore(machine: Machine, request: RestoreRequest): Promise<readonly Restored[]> {
  const { steps } = await plan(machine, request);
  const done: Restored[] = [];
  await locked(machine, (context) => restoreVersions(steps, context, (restored) => done.push(restored)));
  return done;
}

export async function locked<T>(
  machine: Machine,
  work: (context: OperationContext) => Promise<T>,
): Promise<T> {
  const { target, store, runtime } = machine;
  const folder = machine.disk.open();
  try {
    return await withLockedBase({ target, store, folder, runtime, notice: () => {} }, work);
  } finally {
    await folder.close();
  }
}

export function versionsOf(machine: Machine, path: string): Promise<readonly FileVersion[]> {
  return fileVersions(machine.store, path as RelPath, {
    hostOf: async (client) => (client === machine.target.clientId ? machine.name : 'another'),
  });
}

/** The id of the n-th newest version. */
export async function idOf(machine: Machine, path: string, nth: number): Promise<string> {
  const version = (await versionsOf(machine, path)).at(nth);
  if (version === undefined) throw new Error(`${path} has no version ${nth}`);
  return version.versionId;
}
