import stringWidth from 'string-width';
import { escapeForTerminal } from '../../report/escape.ts';

/** Made when first needed: its tables take 25 ms to load. */
let segmenter: Intl.Segmenter | undefined;
const PLAIN_ASCII = /^[\u0020-\u007e]*$/;

/** Cells that a text takes in a terminal: wide characters take two, combining ones none. */
export function cellWidth(text: string): number {
  return PLAIN_ASCII.test(text) ? text.length : stringWidth(text);
}

/** What a person takes for characters: a letter with its accents, an emoji with its joiners. */
export function graphemes(text: string): readonly string[] {
  if (PLAIN_ASCII.test(text)) return [...text];
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return [...segmenter.segment(text)].map(({ segment }) => segment);
}

/** The first graphemes that fit. */
function takeStart(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const each of graphemes(text)) {
    used += cellWidth(each);
    if (used > width) break;
    out += each;
  }
  return out;
}

/** The last graphemes that fit. */
function takeEnd(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const each of graphemes(text).toReversed()) {
    used += cellWidth(each);
    if (used > width) break;
    out = each + out;
  }
  return out;
}

/** Cut at the end, where it is longer; never wider than `width`. As it is shown: what is escaped takes more room. */
export function fitEnd(raw: string, width: number, ellipsis: string): string {
  const text = escapeForTerminal(raw);
  if (cellWidth(text) <= width) return text;
  const room = width - cellWidth(ellipsis);
  return room < 0 ? takeStart(text, Math.max(0, width)) : takeStart(text, room) + ellipsis;
}

/** Cut in the middle: of a path both the top folder and the file's name are worth seeing, the name more. As it is shown. */
export function fitMiddle(raw: string, width: number, ellipsis: string): string {
  const text = escapeForTerminal(raw);
  if (cellWidth(text) <= width) return text;
  const room = width - cellWidth(ellipsis);
  if (room < 4) return fitEnd(text, width, ellipsis);
  const tail = takeEnd(text, Math.ceil(room * 0.6));
  return takeStart(text, room - cellWidth(tail)) + ellipsis + tail;
}

/** Filled with spaces to `width`; what is wider stays as it is. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cellWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - cellWidth(text))) + text;
}

/** Words over several lines of at most `width` cells; a longer word is cut where the line ends. */
export function wrapWords(text: string, width: number): readonly string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (cellWidth(joined) <= room) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (cellWidth(line) > room) {
      const head = takeStart(line, room) || (graphemes(line)[0] ?? '');
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line];
}
