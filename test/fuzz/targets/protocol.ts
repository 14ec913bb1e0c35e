import {
  type ClientMessage,
  decodeClientMessage,
  decodeDaemonMessage,
  encode,
} from '../../../src/daemon/socket/codec.ts';
import { daemonEventSchema, syncEventSchema } from '../../../src/daemon/socket/event-schema.ts';
import { createLineSplitter } from '../../../src/daemon/socket/lines.ts';
import { parseKey, type RelPath } from '../../../src/sync/path.ts';
import type { Dice } from '../dice.ts';
import { hostileJson, hostileKey, hostileText, mutateJson } from '../hostile.ts';
import { type FuzzTarget, fail } from '../target.ts';

const REQUEST: ClientMessage = {
  kind: 'request',
  id: 7,
  body: {
    method: 'sync',
    target: 'aaaa',
    options: { mode: 'sync', paths: ['a/b' as RelPath], direction: 'up', conflicts: 'both', approve: 'x' },
  },
};
const EVENT = encode({
  kind: 'event',
  id: 7,
  event: {
    kind: 'sync',
    event: {
      kind: 'planned',
      target: 'notes',
      planId: 'x',
      operations: [{ kind: 'create', direction: 'up', path: 'a' }],
      conflicts: [{ path: 'b', local: { state: 'updated' }, remote: { state: 'deleted' } }],
      bytesUp: 1,
      bytesDown: 2,
    },
  },
});

function lineOf(text: string, dice: Dice): string {
  switch (dice.int(5)) {
    case 0:
      return hostileText(dice);
    case 1:
      return hostileJson(dice);
    case 2:
      return text.replace('a/b', JSON.stringify(hostileKey(dice)).slice(1, -1));
    default:
      return mutateJson(text, dice);
  }
}

/** Any line is understood, refused or of another version; and what is understood can be acted on. */
export const protocol: FuzzTarget = {
  name: 'protocol',
  share: 3,
  short: 300,
  limitMs: 1000,
  run(dice) {
    const asked = decodeClientMessage(lineOf(encode(REQUEST), dice));
    if (asked.kind === 'message' && asked.message.kind === 'request' && asked.message.body.method === 'sync')
      for (const path of asked.message.body.options.paths ?? []) {
        const parsed = parseKey(path);
        if (!parsed.ok || parsed.folder) fail('a path that leads elsewhere', path);
      }
    const said = decodeDaemonMessage(lineOf(EVENT, dice));
    if (said.kind === 'message' && said.message.kind === 'event') {
      daemonEventSchema.safeParse(said.message.event);
      syncEventSchema.safeParse(said.message.event);
    }
    cutAnyhow(dice);
  },
};

/** However a stream is cut into chunks, its lines are the same. */
function cutAnyhow(dice: Dice): void {
  const lines = dice.some(6, () => hostileText(dice).replaceAll('\n', ' ').toWellFormed());
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const splitter = createLineSplitter(bytes.byteLength + 1);
  const found: string[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const size = 1 + dice.int(20);
    found.push(...(splitter.push(bytes.subarray(at, at + size)) ?? fail('a line too long')));
    at += size;
  }
  const whole = lines.filter((line) => line.trim() !== '');
  if (JSON.stringify(found) !== JSON.stringify(whole)) fail('lines that were not sent', { whole, found });
}
