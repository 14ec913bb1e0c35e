import type { ConflictContents, DecideConflict } from '../engine/cycle.ts';
import type { ConflictChoice, ConflictSideView, ConflictView } from '../engine/events.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { formatBytes, formatTime } from '../report/format.ts';
import type { Line, Tone } from '../report/line.ts';
import { asText, unifiedDiff } from '../report/unified-diff.ts';
import type { Sides } from '../report/wording.ts';
import type { Prompter } from './prompter.ts';

export interface ConflictPrompt {
  readonly prompter: Prompter;
  readonly sides: Sides;
  readonly paint: (line: Line) => string;
  /** Where the question goes: not where results go. */
  readonly write: (text: string) => void;
}

/** Python S4's question about a conflict, with `b` (keep both) added. Conflicts are asked one at a time. */
export function conflictPrompt(options: ConflictPrompt): DecideConflict {
  let last: Promise<unknown> = Promise.resolve();
  return (conflict, contents) => {
    const answer = last.then(() => askUntilDecided(options, conflict, contents));
    // A rejection is the caller's; the next question does not inherit it.
    last = answer.catch(() => undefined);
    return answer;
  };
}

async function askUntilDecided(
  options: ConflictPrompt,
  conflict: ConflictView,
  contents: ConflictContents,
): Promise<ConflictChoice> {
  options.write(`${conflictQuestion(conflict, options.sides).join('\n')}\n`);
  for (;;) {
    const answer = await options.prompter.ask('Choice (default=skip): ');
    options.write('\n');
    const choice = choiceOf(answer);
    if (choice !== undefined) return choice;
    if (answer.toLowerCase() === 'd') await showDifference(options, conflict, contents);
    else options.write(`"${escapeForTerminal(answer)}" is not a choice.\n`);
  }
}

function choiceOf(answer: string): ConflictChoice | undefined {
  switch (answer.toLowerCase()) {
    case '1':
      return 'local';
    case '2':
      return 'remote';
    case 'b':
      return 'both';
    case '':
    case 'x':
      return 'skip';
    default:
      return undefined;
  }
}

function conflictQuestion(conflict: ConflictView, sides: Sides): readonly string[] {
  const path = escapeForTerminal(conflict.path);
  return [
    '',
    `Conflict for "${path}". Which version would you like to keep?`,
    `   (1) ${sides.local}${path} ${sideWords(conflict.local)}`,
    `   (2) ${sides.remote}${path} ${sideWords(conflict.remote)}`,
    '   (b) Keep both',
    '   (d) View difference',
    '   (X) Skip this file',
    '',
  ];
}

function sideWords(side: ConflictSideView): string {
  const when = side.modifiedMs === undefined ? '' : `updated at ${formatTime(side.modifiedMs)} `;
  const who = side.host === undefined ? '' : ` by ${escapeForTerminal(side.host)}`;
  return `${when}(${side.state.toUpperCase()})${who}`;
}

async function showDifference(
  options: ConflictPrompt,
  conflict: ConflictView,
  contents: ConflictContents,
): Promise<void> {
  const [local, remote] = await Promise.all([contents.local(), contents.remote()]);
  const path = escapeForTerminal(conflict.path);
  const labels = { local: `${options.sides.local}${path}`, remote: `${options.sides.remote}${path}` };
  for (const line of differenceLines(local, remote, labels)) options.write(`${options.paint(line)}\n`);
  options.write('\n');
}

/** The difference for a terminal: a unified diff of texts, or a word about what is none. */
function differenceLines(
  local: Uint8Array | undefined,
  remote: Uint8Array | undefined,
  labels: { readonly local: string; readonly remote: string },
): readonly Line[] {
  const mine = local === undefined ? '' : asText(local);
  const theirs = remote === undefined ? '' : asText(remote);
  if (mine === undefined || theirs === undefined) {
    return [
      line(`Binary files ${labels.local} and ${labels.remote} differ`),
      line(`  local: ${sizeWords(local)}, remote: ${sizeWords(remote)}`),
    ];
  }
  const diff = unifiedDiff({ label: labels.local, text: mine }, { label: labels.remote, text: theirs });
  if (diff.length === 0) return [line('The contents are equal.')];
  return diff.map((text) => line(escapeForTerminal(text), toneOf(text)));
}

function sizeWords(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'deleted' : formatBytes(bytes.byteLength);
}

function toneOf(text: string): Tone {
  if (text.startsWith('+')) return 'create';
  if (text.startsWith('-')) return 'delete';
  return text.startsWith('@') ? 'dim' : 'plain';
}

function line(text: string, tone: Tone = 'plain'): Line {
  return { text, tone, level: 'error' };
}
