import type { Sink } from '../../../src/commands/output.ts';
import { createOutput } from '../../../src/commands/output.ts';
import type { ConflictView, OperationKind, OperationView, SyncEvent } from '../../../src/engine/events.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { errorReport } from '../../../src/report/error-report.ts';
import type { Dice } from '../dice.ts';
import { hostileKey, hostileText } from '../hostile.ts';
import { type FuzzTarget, fail } from '../target.ts';

// Everything of C0, DEL and C1 but the line feed, and what reverses text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
/** What s4 itself sends to a terminal: colours, and its one rewritten line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: likewise
const OWN = /\u001b\[\d{0,2}m|\r\u001b\[K/g;

const KINDS: readonly OperationKind[] = [
  'create',
  'update',
  'delete',
  'rename',
  'mode',
  'keep-both',
  'merge',
  'create-folder',
  'delete-folder',
];
const NUMBERS = [0, 1, -1, 1e15, Number.MAX_SAFE_INTEGER, Number.NaN, 1e300];

function operation(dice: Dice): OperationView {
  return {
    kind: dice.pick(KINDS),
    direction: dice.pick(['up', 'down']),
    path: hostileKey(dice),
    ...(dice.oneIn(2) && { other: hostileKey(dice) }),
    ...(dice.oneIn(2) && { sizeBytes: dice.pick(NUMBERS) }),
  };
}

function conflict(dice: Dice): ConflictView {
  const side = () => ({
    state: dice.pick(['created', 'updated', 'deleted'] as const),
    sizeBytes: dice.pick(NUMBERS),
    modifiedMs: dice.pick(NUMBERS),
    host: hostileText(dice),
  });
  return { path: hostileKey(dice), local: side(), remote: side() };
}

function eventOf(dice: Dice, target: string): SyncEvent {
  const view = operation(dice);
  switch (dice.int(9)) {
    case 0:
      return {
        kind: 'cycle-started',
        target,
        local: hostileText(dice),
        remote: hostileText(dice),
        dryRun: dice.oneIn(2),
      };
    case 1:
      return {
        kind: 'notice',
        target,
        code: 'portability',
        message: hostileText(dice),
        ...(dice.oneIn(2) && { path: hostileKey(dice) }),
      };
    case 2:
      return {
        kind: 'planned',
        target,
        planId: 'abc',
        operations: dice.some(3, () => operation(dice)),
        conflicts: dice.some(2, () => conflict(dice)),
        bytesUp: 1,
        bytesDown: dice.pick(NUMBERS),
      };
    case 3:
      return { kind: 'operation-started', target, id: 1, operation: view };
    case 4:
      return {
        kind: 'operation-finished',
        target,
        id: 1,
        operation: view,
        outcome: dice.pick(['done', 'failed', 'postponed']),
      };
    case 5:
      return {
        kind: 'conflict',
        target,
        conflict: conflict(dice),
        choice: dice.pick(['local', 'both', 'skip', 'merge']),
      };
    case 6:
      return {
        kind: 'problem',
        target,
        problem: {
          path: hostileKey(dice),
          side: dice.pick(['local', 'remote']),
          code: 'bad-key',
          message: hostileText(dice),
          hint: hostileText(dice),
        },
      };
    case 7:
      return {
        kind: 'guard-halted',
        target,
        planId: 'abc',
        guards: [],
        operations: dice.some(3, () => operation(dice)),
      };
    default:
      return { kind: 'operation-progress', target, id: 1, bytes: dice.int(100) };
  }
}

/** Names and messages from anywhere reach a screen, plain or as JSON, without one raw control character. */
export const screen: FuzzTarget = {
  name: 'screen',
  share: 35,
  short: 600,
  limitMs: 1000,
  run(dice) {
    const written: string[] = [];
    const isTTY = dice.oneIn(2);
    const sink: Sink = { write: (text) => void written.push(text), isTTY, columns: dice.pick([1, 20, 80]) };
    const json = dice.oneIn(2);
    const out = createOutput({
      stdout: sink,
      stderr: sink,
      json,
      colours: dice.oneIn(2),
      level: 'debug',
      timestamps: dice.oneIn(2),
      nowMs: () => 1_732_158_727_123,
      redact: () => (text) => text,
    });
    const target = hostileText(dice);
    for (const event of dice.some(4, () => eventOf(dice, target))) out.emit(event);
    out.endTarget(target);
    out.say(hostileText(dice));
    out.error(
      errorReport(
        new S4Error('STORE_FAILED', hostileText(dice), {
          hint: hostileText(dice),
          data: { key: hostileKey(dice) },
        }),
        { debug: dice.oneIn(2), target },
      ),
    );
    const text = written.join('');
    const shown = text.replace(OWN, '');
    if (RAW.test(shown)) fail('a raw control character', shown);
    if (json) for (const line of text.trimEnd().split('\n')) JSON.parse(line);
  },
};
