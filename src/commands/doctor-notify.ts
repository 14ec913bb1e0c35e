import { parseNotify } from '../config/notify.ts';
import { notifySetup } from '../config/notify-setup.ts';
import type { TargetSettings } from '../config/schema.ts';
import { parseStoreUrl } from '../config/url.ts';
import { isS4Error, S4Error } from '../lib/errors.ts';
import { escapeForTerminal } from '../report/escape.ts';
import type { Context } from './context.ts';
import type { Check } from './doctor-store.ts';
import { exitOfError } from './run-targets.ts';

/**
 * `s4 doctor TARGET --notify sqs:URL`: asks the queue whether it can be read, and prints how to have the bucket's events
 * sent there, with the least rights that this needs.
 *
 * @throws S4Error USAGE for what is no queue, or a target that is no bucket
 */
export async function checkNotify(context: Context, target: TargetSettings, notify: string): Promise<Check> {
  const queue = parseNotify(notify);
  const place = parseStoreUrl(target.url);
  if (place.kind !== 's3')
    throw new S4Error('USAGE', `the target ${target.name} is a directory: no events are sent for it`, {
      hint: 'Changes in it are found by polling, which costs nothing there.',
    });
  const { queuePolicy, notification, clientPolicy, commands } = notifySetup(place, queue);
  const json = (value: object): readonly string[] => JSON.stringify(value, null, 2).split('\n');
  const attributes = { Policy: JSON.stringify(queuePolicy) };
  context.out.lines(
    [
      '',
      `  Events of s3://${place.bucket} by a queue, one queue for each machine:`,
      '',
      '  1. Make the queue, on the side of the bucket (same region):',
      `     ${commands[0]}`,
      '  2. Let the bucket send to it. queue-attributes.json:',
      ...json(attributes).map(indented),
      `     ${commands[1]}`,
      '  3. Have the bucket send. This replaces its notifications: add those that it has. notification.json:',
      ...json(notification).map(indented),
      `     ${commands[2]}`,
      '     If another queue wants the same prefix, send to an SNS topic and subscribe both queues.',
      "  4. Let this machine's identity read it, beside its rights for the bucket:",
      ...json(clientPolicy).map(indented),
      `  5. s4 daemon ${target.name} --notify ${notify}`,
      '',
    ].map((text) => ({ text: escapeForTerminal(text), tone: 'plain', level: 'info' }) as const),
  );
  context.out.record({ kind: 'notify-setup', target: target.name, queuePolicy, notification, clientPolicy });
  return tryQueue(context, target, notify);
}

/** Reads without a wait, and leaves to the daemon what is there. */
async function tryQueue(context: Context, target: TargetSettings, notify: string): Promise<Check> {
  const { services, signal } = context;
  const queue = await services.openQueue(parseNotify(notify), target);
  try {
    const messages = await queue.receive({ waitSeconds: 0, peek: true, signal });
    const found = messages.length === 0 ? 'no message in it at present' : 'there are messages in it';
    return { name: 'queue', outcome: 'ok', message: `it can be read; ${found}` };
  } catch (error) {
    signal.throwIfAborted();
    if (!isS4Error(error)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return { name: 'queue', outcome: 'failed', message: error.message, ...hint, exit: exitOfError(error) };
  } finally {
    await queue.close();
  }
}

function indented(line: string): string {
  return `       ${line}`;
}
