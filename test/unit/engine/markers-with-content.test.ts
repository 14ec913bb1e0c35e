import { describe, expect, it } from 'vitest';
import { createWorld, summaryOf } from '../../support/machines.ts';

const CONTENT = 'what another tool keeps under the name of a folder';

describe('an object under the name of a folder that has content', () => {
  it('is left where it is when the folder goes here, and that is told', async () => {
    const { server, machine } = createWorld();
    const a = await machine('laptop');
    a.user.write('keep', 'keep');
    a.user.write('d/x', 'x');
    await a.sync();
    server.put('d/', CONTENT);
    a.user.remove('d');
    expect(summaryOf(await a.sync())).toMatchObject({ deletedRemote: 1, problems: 1 });
    expect(Buffer.from(server.bytes('d/') ?? []).toString()).toBe(CONTENT);
    const told = a.events.flatMap((event) => (event.kind === 'problem' ? [event.problem.code] : []));
    expect(told).toEqual(['bad-key']);
  });

  it('is left where it is when the empty folder that it was taken for gets a child', async () => {
    const { server, machine } = createWorld();
    const a = await machine('laptop');
    a.user.write('keep', 'keep');
    await a.sync();
    server.put('d/', CONTENT);
    await a.sync();
    a.user.write('d/x', 'x');
    await a.sync();
    expect(Buffer.from(server.bytes('d/') ?? []).toString()).toBe(CONTENT);
  });
});
