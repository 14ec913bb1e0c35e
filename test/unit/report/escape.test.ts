import { describe, expect, test } from 'vitest';
import { escapeForTerminal, jsonLine } from '../../../src/report/escape.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const RAW = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('text from outside on a terminal', () => {
  test.each([
    ['a\nb', 'a\\nb'],
    ['\u001b[31mred', '\\x1b[31mred'],
    ['\u009b2J', '\\x9b2J'],
    ['evil\u202etxt.exe', 'evil\\u202etxt.exe'],
    ['\ud800', '\\ud800'],
    ['del\u007f', 'del\\x7f'],
    ['日本 👩‍👩‍👧 é', '日本 👩‍👩‍👧 é'],
    ['back\\slash', 'back\\slash'],
  ])('%j is shown as %j', (raw, shown) => {
    expect(escapeForTerminal(raw)).toBe(shown);
  });

  test('nothing raw passes, whatever the code unit', () => {
    for (let code = 0; code <= 0xffff; code++)
      expect(escapeForTerminal(String.fromCharCode(code))).not.toMatch(RAW);
  });

  test('JSON is one harmless line that means the same', () => {
    const value = { path: 'a\n\u001b[2J\u009b\u202e\u2028', size: 3n };
    const line = jsonLine(value);
    expect(line).not.toMatch(RAW);
    expect(line).not.toMatch(/\u2028/);
    expect(JSON.parse(line)).toEqual({ path: value.path, size: '3' });
  });
});
