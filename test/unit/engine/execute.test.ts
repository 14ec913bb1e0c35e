import { describe, expect, it } from 'vitest';
import type { SyncEvent } from '../../../src/engine/events.ts';
import { execute } from '../../../src/engine/execute.ts';
import type { OperationContext } from '../../../src/engine/operations/context.ts';
import { createTally } from '../../../src/engine/tally.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { Operation, PlannedOperation, Step } from '../../../src/sync/operations.ts';
import { keyPath } from '../../../src/sync/path.ts';
import { baseRow, key, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** The order of a plan, what waits for what, and what is told, whatever its operations do. */

const token = { etag: 'e', sizeBytes: 0, modifiedMs: 0 };
const folderHere = (step: Step, name: string): PlannedOperation => ({
  step,
  operation: { kind: 'make-local-folder', key: key(`${name}/`), remote: { key: key(`${name}/`), token } },
});
/** Stale: there is no such folder here. */
const folderThere = (step: Step, name: string): PlannedOperation => ({
  step,
  operation: { kind: 'make-remote-folder', key: key(`${name}/`) },
});

/** A file that gives its name away, because it was deleted there. */
async function vacated(here: OperationRoom, name: string): Promise<PlannedOperation> {
  here.user.write(name, name);
  here.server.put(name, name);
  const local = await here.look(name);
  const base = baseRow(local, name, await here.remote(name));
  here.server.remove(name);
  return { step: 'vacate', operation: { kind: 'delete-local', key: key(name), local, base } };
}

/** Executes in a room; `made` are the folders made here, in order, and how many at once at most. */
async function room() {
  const here = await operationRoom();
  const events: SyncEvent[] = [];
  const tally = createTally();
  const made: string[] = [];
  let [busy, most] = [0, 0];
  const ids: number[] = [];
  const folder: OperationContext['folder'] = {
    ...here.folder,
    makeFolder: async (path) => {
      made.push(path);
      most = Math.max(most, ++busy);
      // Others that may run beside it have begun by then.
      for (let i = 0; i < 100; i++) await Promise.resolve();
      busy--;
      return here.folder.makeFolder(path);
    },
  };
  let next = 1;
  const run = (planned: readonly PlannedOperation[], changes: Partial<OperationContext> = {}) => {
    const context = here.context({ folder, ...changes });
    return execute(planned, {
      target: 't',
      emit: (event) => void events.push(event),
      tally,
      context,
      contextFor: (id) => {
        ids.push(id);
        return context;
      },
      nextId: () => next++,
    });
  };
  const told = () =>
    events.map((event) => {
      if (event.kind === 'operation-started') return `${event.id} started ${event.operation.path}`;
      if (event.kind === 'operation-finished') return `${event.id} ${event.outcome} ${event.operation.path}`;
      return event.kind === 'problem' ? `${event.problem.code} ${event.problem.path}` : event.kind;
    });
  return { here, run, told, tally, made, ids, folder, mostAtOnce: () => most };
}

describe('the steps of a plan', () => {
  it('run one after the other, in their order and not that of the plan', async () => {
    const { run, made } = await room();
    const steps = ['remove-folder', 'delete', 'transfer', 'rename', 'vacate-folder', 'vacate'] as const;
    expect(await run(steps.map((step) => folderHere(step, step)))).toEqual({ lookAgain: false, left: [] });
    expect(made).toEqual([...steps].reverse());
  });

  it.each(['vacate', 'rename', 'transfer', 'delete'] as const)('%s: all at once', async (step) => {
    const { run, mostAtOnce } = await room();
    await run(['a', 'b', 'c'].map((name) => folderHere(step, name)));
    expect(mostAtOnce()).toBe(3);
  });

  it.each(['vacate-folder', 'remove-folder'] as const)('%s: one by one, in the order given', async (step) => {
    const { run, made, mostAtOnce } = await room();
    await run(['c', 'a', 'b'].map((name) => folderHere(step, name)));
    expect([made, mostAtOnce()]).toEqual([['c', 'a', 'b'], 1]);
  });
});

describe('a name that is to be vacated', () => {
  it('is taken once it is', async () => {
    const { here, run, made } = await room();
    const plan = [folderHere('transfer', 'a/b'), await vacated(here, 'a')];
    expect(await run(plan)).toEqual({ lookAgain: false, left: [] });
    expect(made).toEqual(['a/b']);
    expect(here.base.recentDeletions).toMatchObject([{ side: 'local', count: 1 }]);
  });

  it('is not taken where it was changed meanwhile: all that waits is looked at again', async () => {
    const { here, run, made, told } = await room();
    const plan = [await vacated(here, 'a'), folderHere('transfer', 'a/b'), folderHere('transfer', 'c')];
    here.user.write('a', 'edited');
    expect(await run(plan)).toEqual({ lookAgain: true, left: ['a', 'a/b'] });
    expect(made).toEqual(['c']);
    expect(here.user.read('a')).toBe('edited');
    expect(told().filter((line) => !line.includes('started'))).toEqual([
      '1 postponed a',
      '2 postponed a/b/',
      '3 done c/',
    ]);
  });

  it('is not taken where it failed, and a further look would find the same', async () => {
    const { here, run, made } = await room();
    const plan = [await vacated(here, 'a'), folderHere('transfer', 'a/b')];
    // The listing lagged behind: the object is there.
    here.server.put('a', 'a');
    expect(await run(plan)).toEqual({ lookAgain: false, left: ['a/b'] });
    expect(made).toEqual([]);
    expect(here.user.read('a')).toBe('a');
  });

  it('alone is what others wait for: what fails in another step holds nothing', async () => {
    const { run, made, folder } = await room();
    const blocking = { ...folder, removeFolder: async () => 'blocked' as const };
    const plan: PlannedOperation[] = [
      { step: 'vacate-folder', operation: { kind: 'remove-local-folder', key: key('a/') } },
      folderThere('rename', 'b'),
      folderHere('transfer', 'a/b'),
      folderHere('transfer', 'b/c'),
    ];
    expect(await run(plan, { folder: blocking })).toEqual({ lookAgain: true, left: ['b'] });
    expect(made).toEqual(['a/b', 'b/c']);
  });
});

describe('an operation', () => {
  it('is told under one number, counted, and its result recorded', async () => {
    const { here, run, told, tally, ids } = await room();
    await run([folderHere('transfer', 'a'), folderHere('delete', 'b')]);
    expect(told()).toEqual(['1 started a/', '1 done a/', '2 started b/', '2 done b/']);
    expect(ids).toEqual([1, 2]);
    expect(tally.summary({}, 0)).toMatchObject({ downloaded: 2, problems: 0 });
    expect(await here.base.get(key('a/'))).toMatchObject({ content: { kind: 'folder' } });
  });

  it('that is not worth a line has none, and is carried out', async () => {
    const { here, run, told, tally } = await room();
    here.user.mkdir('a');
    const operation: Operation = { kind: 'remove-local-folder', key: key('a/'), implicit: true };
    await run([{ step: 'remove-folder', operation }]);
    expect(told()).toEqual([]);
    expect(tally.summary({}, 0)).toMatchObject({ deletedLocal: 0, problems: 0 });
    expect(await here.folder.stat(keyPath(key('a/')))).toBeUndefined();
  });

  it('that fails is told as a problem, once for a path, and stops no other', async () => {
    const { run, told, tally, folder } = await room();
    const failing: OperationContext['folder'] = {
      ...folder,
      makeFolder: async (path) => {
        if (path === 'bad') throw new S4Error('LOCAL_FAILED', 'input/output error.');
        return folder.makeFolder(path);
      },
    };
    const plan = [folderHere('rename', 'bad'), folderHere('transfer', 'good'), folderHere('delete', 'bad')];
    expect(await run(plan, { folder: failing })).toEqual({ lookAgain: false, left: [] });
    expect(told().filter((line) => !line.includes('started'))).toEqual([
      'local-error bad/',
      '1 failed bad/',
      '2 done good/',
      '3 failed bad/',
    ]);
    expect(tally.summary({}, 0)).toMatchObject({ downloaded: 1, problems: 1 });
  });

  it('that met another state is not counted, and what it was planned for is named', async () => {
    const { run, tally, told } = await room();
    expect(await run([folderThere('transfer', 'gone')])).toEqual({ lookAgain: true, left: ['gone'] });
    expect(told()).toEqual(['1 started gone/', '1 postponed gone/']);
    expect(tally.summary({}, 0)).toMatchObject({ uploaded: 0, problems: 0 });
  });

  it('that is done, and leaves something that only a further look can decide, says so', async () => {
    const { here, run } = await room();
    here.server.put('old', 'text');
    const remote = await here.remote('old');
    here.user.write('new', 'text');
    const local = await here.look('new');
    here.gate(async (at, request) => {
      if (at === 'response' && request === 'COPY') here.server.put('old', 'by another');
    });
    const base = { ...baseRow(local, 'text', remote), key: key('old') };
    const operation: Operation = { kind: 'rename-remote', key: key('new'), local, from: remote, base };
    expect(await run([{ step: 'rename', operation }])).toEqual({ lookAgain: true, left: [] });
    expect(await here.base.get(key('new'))).toBeDefined();
  });
});

describe('a plan that ends early', () => {
  it('at a failure of the whole store: what was done is recorded, no later step begins', async () => {
    const { here, run, made, folder } = await room();
    const dead = new S4Error('STORE_UNREACHABLE', 'no route');
    const failing: OperationContext['folder'] = {
      ...folder,
      makeFolder: async (path) => {
        if (path === 'b') throw dead;
        return folder.makeFolder(path);
      },
    };
    const plan = [folderHere('transfer', 'a'), folderHere('transfer', 'b'), folderHere('delete', 'c')];
    await expect(run(plan, { folder: failing })).rejects.toBe(dead);
    expect(made).toEqual(['a']);
    expect(await here.base.get(key('a/'))).toBeDefined();
  });

  it('when it is interrupted: nothing further is begun, what was done is recorded', async () => {
    const { here, run, told, folder } = await room();
    const stop = new AbortController();
    const stopping: OperationContext['folder'] = {
      ...folder,
      makeFolder: async (path) => {
        const outcome = await folder.makeFolder(path);
        stop.abort(new Error('Ctrl-C'));
        return outcome;
      },
    };
    const plan = [folderHere('remove-folder', 'a'), folderHere('remove-folder', 'b')];
    const running = run(plan, { folder: stopping, signal: stop.signal });
    await expect(running).rejects.toThrow('Ctrl-C');
    expect(told()).toEqual(['1 started a/', '1 done a/']);
    expect(await here.base.get(key('a/'))).toBeDefined();
    expect(await here.base.get(key('b/'))).toBeUndefined();
  });
});
