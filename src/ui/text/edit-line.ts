import { insertedText, type KeyPress } from '../keys/key-press.ts';
import { cellWidth, graphemes } from './width.ts';

/** A line being edited: graphemes before and after the cursor. */
export interface EditedLine {
  readonly before: string;
  readonly after: string;
}

export function editedLine(text: string): EditedLine {
  return { before: text, after: '' };
}

export function lineText({ before, after }: EditedLine): string {
  return before + after;
}

/** The line after a key; undefined for keys that edit nothing. The keys are those of every shell. */
export function editKey(line: EditedLine, press: KeyPress): EditedLine | undefined {
  const inserted = insertedText(press);
  if (inserted !== undefined) return { ...line, before: line.before + inserted };
  const { before, after } = line;
  switch (press.kind === 'key' ? press.name : '') {
    case 'left':
    case 'ctrl-b':
      return moved(line, graphemes(before).length - 1);
    case 'right':
    case 'ctrl-f':
      return moved(line, graphemes(before).length + 1);
    case 'home':
    case 'ctrl-a':
      return { before: '', after: before + after };
    case 'end':
    case 'ctrl-e':
      return { before: before + after, after: '' };
    case 'backspace':
      return { before: graphemes(before).slice(0, -1).join(''), after };
    case 'ctrl-d':
      return { before, after: graphemes(after).slice(1).join('') };
    case 'ctrl-u':
      return { before: '', after };
    case 'ctrl-k':
      return { before, after: '' };
    case 'ctrl-w':
      return { before: before.replace(/[^\s/]*[\s/]*$/, ''), after };
    default:
      return undefined;
  }
}

function moved(line: EditedLine, to: number): EditedLine {
  const all = graphemes(lineText(line));
  const at = Math.min(all.length, Math.max(0, to));
  return { before: all.slice(0, at).join(''), after: all.slice(at).join('') };
}

export interface ShownLine {
  readonly before: string;
  /** The character under the cursor; a space at the end. */
  readonly cursor: string;
  readonly after: string;
}

/** What of a line is shown in `width` cells: the part around the cursor. */
export function visibleLine(
  { before, after }: EditedLine,
  width: number,
  secret: string | undefined,
): ShownLine {
  const show = (text: string): readonly string[] =>
    secret === undefined ? graphemes(text) : graphemes(text).map(() => secret);
  const right = show(after);
  const cursor = right[0] ?? ' ';
  let room = Math.max(1, width) - cellWidth(cursor);
  const left: string[] = [];
  // At least a few of what follows are in sight while there are any.
  const wanted = right.slice(1);
  const reserve = Math.min(
    8,
    Math.floor(width / 3),
    wanted.reduce((sum, each) => sum + cellWidth(each), 0),
  );
  for (const each of show(before).toReversed()) {
    if (cellWidth(each) > room - reserve) break;
    room -= cellWidth(each);
    left.unshift(each);
  }
  const rest: string[] = [];
  for (const each of wanted) {
    if (cellWidth(each) > room) break;
    room -= cellWidth(each);
    rest.push(each);
  }
  return { before: left.join(''), cursor, after: rest.join('') };
}
