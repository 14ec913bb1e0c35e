import type { TargetStatus } from '../../daemon/contract.ts';
import { S4Error } from '../../lib/errors.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { withDaemon } from './daemon-of.ts';

/** `s4 daemon pause` and `resume`. A paused target keeps hearing, and syncs nothing of its own accord. */
export function pauseOrResume(
  context: Context,
  verb: 'pause' | 'resume',
  names: readonly string[],
): Promise<ExitCode> {
  return withDaemon(context, async (client) => {
    const { targets } = await client.status();
    const chosen = names.length === 0 ? targets : names.map((name) => find(name, targets));
    const ids = chosen.map(({ id }) => id);
    if (ids.length > 0) await (verb === 'pause' ? client.pause(ids) : client.resume(ids));
    for (const { id, name } of chosen) {
      context.out.say(verb === 'pause' ? `Paused ${name}` : `Resumed ${name}`);
      context.out.record({ kind: verb === 'pause' ? 'paused' : 'resumed', target: name, id });
    }
    if (chosen.length === 0) context.out.say('The daemon keeps no target.');
    return EXIT.done;
  });
}

function find(name: string, targets: readonly TargetStatus[]): TargetStatus {
  const target = targets.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  const choices = targets.map((candidate) => candidate.name).join(', ');
  throw new S4Error('TARGET_UNKNOWN', `The daemon keeps no target "${name}".`, {
    hint: choices === '' ? 'It keeps none.' : `Choices are: ${choices}.`,
  });
}
