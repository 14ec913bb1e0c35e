import type { Dice } from './dice.ts';

const PIECES = [
  ...[
    'a',
    'b',
    'foo',
    'bar',
    'x.txt',
    'A',
    'Foo',
    'README',
    'Readme',
    'é',
    'e\u0301',
    'ß',
    'SS',
    'ﬀ',
    '日本',
    '👩‍👩‍👧',
  ],
  ...[
    '.',
    '..',
    '...',
    '',
    ' ',
    '. ',
    'a.',
    'a ',
    '~',
    '-',
    '--',
    '-rf',
    '$(x)',
    '`x`',
    '%2e%2e',
    '%00',
    '+',
  ],
  ...[
    'con',
    'CON',
    'nul.txt',
    'aux',
    'com1',
    'lpt9.x',
    'C:',
    'C:a',
    'c:\\x',
    '\\\\host\\share',
    'a\\b',
    '..\\x',
  ],
  ...[
    '.s4',
    '.S4',
    '.s\u200c4',
    '.s4\u200d',
    '\u202e.s4',
    '.ｓ4',
    '.s４',
    '\ufeff.S4',
    '.s4 ',
    '.s4.',
    '.s4x',
    '.syncignore',
  ],
  ...[
    '\u001b[2J',
    '\u001b]0;t\u0007',
    '\u009b31m',
    '\r\n',
    '\n',
    '\t',
    '\u0000',
    '\u007f',
    '\u0085',
    '\u2028',
  ],
  ...[
    '\u202egpj.exe',
    '\u2066x\u2069',
    '\u200b',
    '\ufeff',
    '\ufffd',
    '\ud800',
    '\udc00x',
    '\u0301',
    'a\u0000b',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'null',
    'undefined',
    'true',
    '0',
    '-1',
    'NaN',
  ],
  ...[
    'out',
    'out-file',
    'abs',
    'up',
    'dir',
    'dir-link',
    'target.json',
    'index.json.gz',
    'tmp',
    'trash',
    'heads',
  ],
  ...['<', '>', '&', '"', "'", '*', '?', '|', ':', '&amp;', ']]>', '<!--', '{}', '[]', ','],
] as const;

/** One segment of a name: nasty, or long, or plain. */
export function hostileSegment(dice: Dice): string {
  const kind = dice.int(12);
  if (kind === 0)
    return dice.pick(['a', 'é', '😀', '\u0001']).repeat(dice.pick([63, 64, 127, 128, 254, 255, 256, 300]));
  if (kind === 1) return String.fromCharCode(dice.int(0x300));
  if (kind === 2) return `${dice.pick(PIECES)}${dice.pick(PIECES)}`;
  if (kind < 5) return `f${dice.int(30)}`;
  return dice.pick(PIECES);
}

/** A key as a hostile listing may hold it. */
export function hostileKey(dice: Dice): string {
  const depth = dice.oneIn(40) ? 300 : 1 + dice.int(4);
  const path = Array.from({ length: depth }, () => hostileSegment(dice)).join('/');
  const start = dice.oneIn(12) ? dice.pick(['/', '//', './', '../', '../../', 'C:/', '\\', '~/']) : '';
  return `${start}${path}${dice.oneIn(8) ? '/' : ''}`.slice(0, dice.oneIn(10) ? 1030 : 600);
}

/** Keys of one bucket: some are others' beginnings, spellings and twins. */
export function hostileKeys(dice: Dice, most: number): string[] {
  const keys = new Set<string>();
  const count = 1 + dice.int(most);
  while (keys.size < count) {
    const key = hostileKey(dice);
    if (key === '') continue;
    keys.add(key);
    const kind = dice.int(8);
    if (kind === 0) keys.add(`${key}/${hostileSegment(dice)}`);
    if (kind === 1) keys.add(dice.oneIn(2) ? key.toUpperCase() : key.toLowerCase());
    if (kind === 2) keys.add(key.normalize(dice.oneIn(2) ? 'NFC' : 'NFD'));
    if (kind === 3) keys.add(key.endsWith('/') ? key.slice(0, -1) : `${key}/`);
  }
  keys.delete('');
  return [...keys];
}

/** Text that a person or a screen may meet. */
export function hostileText(dice: Dice): string {
  return dice.some(4, () => hostileSegment(dice)).join(dice.pick(['', ' ', '/', '\u001b[31m']));
}

const NUMBERS = [
  '0',
  '-0',
  '-1',
  '1e308',
  '1e400',
  '-1e999',
  '9007199254740993',
  '1.5',
  '99999999999999999999999',
  '2147483648',
];

/** Any JSON, small and odd. */
export function hostileJson(dice: Dice, depth = 3): string {
  const kind = dice.int(depth > 0 ? 9 : 6);
  if (kind < 2) return JSON.stringify(hostileSegment(dice));
  if (kind === 2) return dice.pick(NUMBERS);
  if (kind < 6) return dice.pick(['null', 'true', 'false', '""', '[]', '{}']);
  const items = dice.some(4, () => hostileJson(dice, depth - 1));
  if (kind === 6) return `[${items.join(',')}]`;
  return `{${items.map((item) => `${JSON.stringify(hostileSegment(dice))}:${item}`).join(',')}}`;
}

/** Valid JSON text with a place or two replaced: a value, a name, a digit, a nest. */
export function mutateJson(text: string, dice: Dice): string {
  let result = text;
  for (let rounds = 1 + dice.int(3); rounds > 0; rounds--) {
    const tokens = [...result.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null/g)];
    const token = tokens[dice.int(tokens.length)];
    if (token === undefined) break;
    const value = dice.oneIn(20) ? '['.repeat(5000) : hostileJson(dice, 1);
    result = `${result.slice(0, token.index)}${value}${result.slice(token.index + token[0].length)}`;
  }
  return dice.oneIn(10) ? mutateBytes(Buffer.from(result), dice).toString() : result;
}

/** Valid bytes, damaged: bits, bytes, cuts, repeats, pieces of themselves elsewhere. */
export function mutateBytes(bytes: Uint8Array, dice: Dice): Buffer {
  let result = Buffer.from(bytes);
  for (let rounds = 1 + dice.int(3); rounds > 0; rounds--) {
    const at = dice.int(result.length);
    const kind = dice.int(8);
    if (result.length === 0 || kind === 7) result = Buffer.concat([result, noise(dice)]);
    else if (kind < 2) result[at] = (result[at] ?? 0) ^ (1 << dice.int(8));
    else if (kind === 2) result[at] = dice.pick([0, 0xff, 0x0a, 0x7b, 0x22, dice.int(256)]);
    else if (kind === 3) result = result.subarray(0, at);
    else if (kind === 4)
      result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1 + dice.int(40))]);
    else if (kind === 5) result = Buffer.concat([result.subarray(0, at), noise(dice), result.subarray(at)]);
    else result = Buffer.concat([result, result.subarray(at, at + dice.int(2000))]);
  }
  return result;
}

function noise(dice: Dice): Buffer {
  return Buffer.from(Array.from({ length: 1 + dice.int(40) }, () => dice.int(256)));
}
