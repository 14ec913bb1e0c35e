import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paint } from '../../../src/report/line.ts';
import { wantsScreens } from '../../../src/ui/terminal.ts';
import { barText, sparklineText } from '../../../src/ui/text/bar.ts';
import { diffRows, wordParts } from '../../../src/ui/text/diff-rows.ts';
import { ASCII, glyphsFor, UNICODE } from '../../../src/ui/text/glyphs.ts';
import { topFor } from '../../../src/ui/text/scroll.ts';
import { type Column, layoutTable, tableRow } from '../../../src/ui/text/table-layout.ts';
import { COLOURLESS, themeFor } from '../../../src/ui/text/theme.ts';
import { cellWidth, fitEnd, fitMiddle, padEnd, wrapWords } from '../../../src/ui/text/width.ts';

const texts = fc.string({ unit: 'grapheme', maxLength: 40 });

describe('width', () => {
  it('counts cells: wide characters two, combining marks none', () => {
    expect(cellWidth('abc')).toBe(3);
    expect(cellWidth('日本')).toBe(4);
    expect(cellWidth('e\u0301')).toBe(1);
    expect(cellWidth('👩‍👩‍👧')).toBe(2);
  });

  it('cuts a path in the middle and keeps the name', () => {
    expect(fitMiddle('photos/2026/summer/beach/IMG_0001.jpg', 24, '…')).toBe('photos/20…h/IMG_0001.jpg');
    expect(fitMiddle('short', 24, '…')).toBe('short');
  });

  it('never makes a text wider than there is room, nor tears a character', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 30 }), (text, width) => {
        for (const cut of [fitMiddle(text, width, '…'), fitEnd(text, width, '...')]) {
          expect(cellWidth(cut)).toBeLessThanOrEqual(width);
          expect(cut.isWellFormed()).toBe(true);
        }
        expect(cellWidth(padEnd(fitEnd(text, width, ''), width))).toBe(width);
      }),
    );
  });

  it('cuts and fills what a terminal shows of control characters', () => {
    const name = 'esc\x1b[31mred\n';
    expect(padEnd(fitMiddle(name, 20, '…'), 20)).toBe('esc\\x1b[31mred\\n    ');
    expect(fitEnd(name, 6, '…')).toBe('esc\\x…');
    const { shown } = layoutTable([{ header: '', cut: 'middle' }, { header: '' }], [[name, 'x']], 40);
    expect(shown[0]?.width).toBe(16);
  });

  it('wraps words, and cuts one that is longer than a line', () => {
    expect(wrapWords('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapWords('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  });
});

describe('signs and colours', () => {
  it('are ASCII where the locale is not UTF-8', () => {
    expect(glyphsFor({ LANG: 'de_DE.UTF-8' })).toBe(UNICODE);
    expect(glyphsFor({ LC_ALL: 'C', LANG: 'de_DE.UTF-8' })).toBe(ASCII);
    expect(glyphsFor({})).toBe(ASCII);
  });

  it('ASCII signs are ASCII', () => {
    expect(JSON.stringify(ASCII)).toMatch(/^[\u0020-\u007e]*$/);
  });

  it('suit a light terminal where it says so, and are none without colours', () => {
    expect(themeFor({ COLORFGBG: '0;15' }, true).warn).toEqual({ color: 'magenta' });
    expect(themeFor({ COLORFGBG: '15;0' }, true).warn).toEqual({ color: 'yellow' });
    expect(themeFor({ COLORFGBG: '15;0', S4_THEME: 'light' }, true).warn).toEqual({ color: 'magenta' });
    expect(themeFor({}, false)).toBe(COLOURLESS);
  });

  it('use nothing on a light terminal that cannot be read on white', () => {
    const light = themeFor({ S4_THEME: 'light' }, true);
    for (const { color } of Object.values(light)) expect(['yellow', 'green', 'cyan']).not.toContain(color);
    const tones = ['plain', 'create', 'update', 'delete', 'warn', 'error', 'good', 'dim', 'strong'] as const;
    for (const tone of tones) {
      const painted = paint({ text: 'x', tone, level: 'info' }, true, true);
      expect(painted).not.toMatch(/\[(?:32|33|36|9\d|37)m/);
    }
  });

  it('there are screens only where a person looks', () => {
    expect(wantsScreens({ TERM: 'xterm' })).toBe(true);
    expect(wantsScreens({ TERM: 'dumb' })).toBe(false);
    expect(wantsScreens({ TERM: 'xterm', S4_PLAIN: '1' })).toBe(false);
    expect(wantsScreens({ TERM: 'xterm', CI: 'true' })).toBe(false);
  });
});

describe('a bar', () => {
  it('fills in eighths of a cell, and is as wide as asked for', () => {
    expect(barText(0.5, 4, UNICODE)).toEqual({ full: '██', empty: '░░' });
    expect(barText(0.54, 4, UNICODE)).toEqual({ full: '██▏', empty: '░' });
    expect(barText(0.5, 4, ASCII)).toEqual({ full: '##', empty: '..' });
    expect(barText(7, 4, UNICODE)).toEqual({ full: '████', empty: '' });
    expect(barText(Number.NaN, 4, UNICODE)).toEqual({ full: '', empty: '░░░░' });
  });

  it('draws the last values, the largest highest', () => {
    expect(sparklineText([9, 0, 1, 8], 3, UNICODE)).toBe('▁▂█');
    expect(sparklineText([], 3, UNICODE)).toBe('');
  });
});

describe('a table', () => {
  const columns: readonly Column[] = [
    { header: 'PATH', cut: 'middle' },
    { header: 'SIZE', align: 'right' },
    { header: 'WRITTEN', optional: 1 },
  ];
  const rows = [['a/very/long/path/of/a/file.txt', '12 B', '2026-11-26 03:00']];

  it('cuts paths, then drops what is less important', () => {
    const at = (width: number): string =>
      tableRow(columns, layoutTable(columns, rows, width), rows[0] ?? [], '…')
        .map(({ text }) => text)
        .join('');
    expect(at(80)).toBe('a/very/long/path/of/a/file.txt  12 B  2026-11-26 03:00');
    expect(at(40)).toContain('…');
    expect(cellWidth(at(40))).toBeLessThanOrEqual(40);
    expect(at(24)).not.toContain('2026');
    expect(cellWidth(at(24))).toBeLessThanOrEqual(24);
  });
});

describe('a difference', () => {
  it('marks the words that changed', () => {
    expect(wordParts('the quick fox', 'the slow fox')).toEqual([
      { text: 'the ', changed: false },
      { text: 'quick', changed: true },
      { text: ' fox', changed: false },
    ]);
  });

  it('is hunks of signed lines, and nothing for equal texts', () => {
    expect(diffRows('a\nb\n', 'a\nb\n')).toEqual([]);
    expect(
      diffRows('a\nold\nz\n', 'a\nnew\nz\n').map((row) => (row.kind === 'line' ? row.sign : '@')),
    ).toEqual(['@', ' ', '-', '+', ' ']);
  });
});

describe('a list', () => {
  it('scrolls no more than it takes to have the cursor in sight', () => {
    expect(topFor(5, 0, 4, 10)).toBe(2);
    expect(topFor(3, 2, 4, 10)).toBe(2);
    expect(topFor(0, 2, 4, 10)).toBe(0);
    expect(topFor(0, 5, 4, 3)).toBe(0);
  });
});
