import { describe, expect, it } from 'vitest';
import { createCopyNames } from '../../../src/engine/copy-names.ts';
import type { CycleOptions } from '../../../src/engine/cycle.ts';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import { contextOf, notice, problem, type Session } from '../../../src/engine/session.ts';
import type { LogFact } from '../../../src/formats/head-codec.ts';
import { key } from '../../support/operation-room.ts';
import { ME, sessionRoom } from '../../support/session-room.ts';

/** What a cycle tells, and what its operations are given. */

const FOUND = { path: 'f', side: 'local', code: 'unreadable', message: 'cannot be read' } as const;

async function room(options: Partial<CycleOptions> = {}) {
  const at = await sessionRoom();
  const session: Session = {
    ...at.session({ options }),
    hostOf: async (id) => (id === 'aa' ? 'desk' : undefined),
  };
  const copyNames = createCopyNames(at.here.folder, 0, () => false);
  return { ...at, session, copyNames, context: contextOf(session, at.here.evidence, copyNames) };
}

describe('what is told', () => {
  it('names the target, and a path where it is of one', async () => {
    const { session, events } = await room();
    notice(session, 'postponed', 'later', 'f');
    notice(session, 'postponed', 'later');
    const told = { kind: 'notice', target: 'docs', code: 'postponed', message: 'later' };
    expect(events).toStrictEqual([{ ...told, path: 'f' }, told]);
  });

  it('of a problem is told once for a path', async () => {
    const { session, events } = await room();
    for (const path of ['f', 'f', 'g']) problem(session, { ...FOUND, path });
    expect(events).toEqual(
      ['f', 'g'].map((path) => ({ kind: 'problem', target: 'docs', problem: { ...FOUND, path } })),
    );
    expect(session.tally.summary({}, 0).problems).toBe(2);
  });
});

describe('an operation', () => {
  it('is given what the cycle has', async () => {
    const { here, session, context, copyNames } = await room();
    const { folder, base, runtime, evidence } = here;
    const { capabilities } = session.deps.target;
    const given = { folder, base, runtime, capabilities, clientId: ME, evidence, copyNames };
    expect(context).toMatchObject(given);
    expect([context.respelled.size, context.seenInTheWay]).toEqual([0, session.seenInTheWay]);
    expect('signal' in context).toBe(false);
  });

  it('can be interrupted where the cycle can', async () => {
    const { signal } = new AbortController();
    expect((await room({ signal })).context.signal).toBe(signal);
  });

  it('writes to a store that announces it', async () => {
    const { here, context } = await room();
    here.server.put('f', 'f');
    await context.store.head('f' as ObjectKey);
    expect(here.base.cursor.writing).toBeUndefined();
    await context.store.delete('f' as ObjectKey, { condition: { kind: 'none' } });
    expect(here.base.cursor.writing).toBe(true);
  });

  it('tells through the cycle: notices, bytes and facts', async () => {
    const { session, context, events } = await room();
    context.notice('edit-kept', 'f', 'it was edited');
    expect(events).toEqual([
      { kind: 'notice', target: 'docs', code: 'edit-kept', message: 'it was edited', path: 'f' },
    ]);
    context.onBytes('up', 3);
    context.onBytes('down', 4);
    expect(session.tally.summary({}, 0)).toMatchObject({ bytesUp: 3, bytesDown: 4 });
    const facts = ['a', 'b'].map((path) => ({ path: key(path) }) as LogFact);
    context.publish(facts);
    expect(session.facts).toEqual(facts);
  });

  it('names a host that the log knows, and any other one `other`', async () => {
    const { context } = await room();
    expect([await context.hostOf('aa'), await context.hostOf('bb')]).toEqual(['desk', 'other']);
  });
});
