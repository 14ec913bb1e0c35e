import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SyncEvent } from '../../../src/engine/events.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { errorLines, errorReport } from '../../../src/report/error-report.ts';
import { formatBytes, formatDuration, formatTime } from '../../../src/report/format.ts';
import { PROGRESS_START, progressStep, progressText } from '../../../src/report/progress.ts';
import { emptyStatus, statusLines, statusStep, statusWords } from '../../../src/report/status-view.ts';
import { tableLines } from '../../../src/report/table.ts';
import { asText, unifiedDiff } from '../../../src/report/unified-diff.ts';

describe('numbers for people', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [3.25 * 1024 ** 3, '3.3 GiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [0, '0.0 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [3_725_000, '1 h 02 min'],
  ])('%d ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('times are UTC', () => {
    expect(formatTime(Date.UTC(2017, 0, 23, 12, 26, 24))).toBe('2017-01-23 12:26:24');
  });
});

describe('status', () => {
  const planned: SyncEvent = {
    kind: 'planned',
    target: 'n',
    planId: 'p',
    operations: [
      { kind: 'create', direction: 'up', path: 'a' },
      { kind: 'rename', direction: 'down', path: 'new', other: 'old' },
      { kind: 'delete', direction: 'up', path: 'gone' },
    ],
    conflicts: [{ path: 'c', local: { state: 'updated' }, remote: { state: 'created' } }],
    bytesUp: 1,
    bytesDown: 0,
  };

  test('counts, then lists', () => {
    const view = statusStep(emptyStatus('n'), planned);
    expect(statusLines(view).map(({ text }) => text)).toEqual([
      'n: 1 up, 1 down, 1 deleted, 1 conflict',
      '  up    new     a',
      '  down  moved   old -> new',
      '  up    deleted gone',
      '  conflict      c (local updated, remote created)',
    ]);
  });

  test('tells a conflict once, however the plan would end it', () => {
    const ended = { kind: 'keep-both', direction: 'down', path: 'c', other: 'c (conflict)' } as const;
    const view = statusStep(emptyStatus('n'), { ...planned, operations: [ended] });
    expect(statusLines(view).map(({ text }) => text)).toEqual([
      'n: 1 conflict',
      '  conflict      c (local updated, remote created)',
    ]);
  });

  test('is in sync when there is nothing, and says when a guard would halt', () => {
    expect(statusWords(emptyStatus('n'))).toBe('in sync');
    const guards = [{ code: 'local-emptied', message: 'empty' }] as const;
    const halted: SyncEvent = { kind: 'guard-halted', target: 'n', planId: 'p', guards, operations: [] };
    expect(statusWords(statusStep(emptyStatus('n'), halted))).toBe('a guard would halt it');
  });
});

describe('progress', () => {
  const planned: SyncEvent = {
    kind: 'planned',
    target: 'n',
    planId: 'p',
    operations: [
      { kind: 'create', direction: 'up', path: 'a' },
      { kind: 'create', direction: 'up', path: 'b' },
    ],
    conflicts: [],
    bytesUp: 2048,
    bytesDown: 0,
  };
  const operation = { kind: 'create', direction: 'up', path: `some/${'long/'.repeat(30)}日本.txt` } as const;
  const at = (events: readonly SyncEvent[]) => events.reduce(progressStep, PROGRESS_START);

  test('fits its line at every width', () => {
    const state = at([
      planned,
      { kind: 'operation-started', target: 'n', id: 1, operation },
      { kind: 'operation-progress', target: 'n', id: 1, bytes: 1024 },
    ]);
    expect(progressText(state, 80)).toMatch(/^0\/2 {2}1\.0 KiB of 2\.0 KiB {2}some.*….*txt$/);
    for (let columns = 10; columns < 200; columns++)
      expect((progressText(state, columns) ?? '').length).toBeLessThan(columns);
  });

  test('says nothing of bytes where none are to be moved', () => {
    const state = { ...PROGRESS_START, total: 2, bytes: 4, path: 'gone.txt' };
    expect(progressText(state, 80)).toBe('0/2  gone.txt');
  });

  test('is gone when all is done', () => {
    const finished = (id: number): SyncEvent => ({
      kind: 'operation-finished',
      target: 'n',
      id,
      operation,
      outcome: 'done',
    });
    expect(progressText(at([planned, finished(1), finished(2)]), 80)).toBeUndefined();
    expect(progressText(PROGRESS_START, 80)).toBeUndefined();
  });
});

describe('errors', () => {
  test('are one sentence and a hint; a stack only for debugging', () => {
    const error = new S4Error('STORE_DENIED', 'access is denied', { hint: 'check the key' });
    const report = errorReport(error, { debug: false, target: 'n' });
    expect(report).toEqual({
      kind: 'error',
      code: 'STORE_DENIED',
      message: 'access is denied',
      hint: 'check the key',
      target: 'n',
    });
    expect(errorLines(report).map(({ text }) => text)).toEqual([
      'Error: n: Access is denied.',
      '  Check the key.',
    ]);
    expect(errorReport(error, { debug: true }).stack).toMatch(/S4Error: access is denied\n/);
  });

  test('of our own making are called a bug', () => {
    expect(errorReport(new TypeError('x is undefined'), { debug: false })).toMatchObject({
      code: 'BUG',
      message: 'This is a bug in s4: TypeError: x is undefined',
    });
  });
});

test('a table is aligned', () => {
  expect(
    tableLines(
      ['key', 'local'],
      [
        ['a.txt', '2017'],
        ['longer.txt', ''],
      ],
    ),
  ).toEqual(['key         local', '----------  -----', 'a.txt       2017', 'longer.txt']);
});

describe('the difference of two texts', () => {
  const diff = (before: string, after: string) =>
    unifiedDiff({ label: 'a', text: before }, { label: 'b', text: after });

  test('is what diff -u writes', () => {
    const before = `${Array.from({ length: 12 }, (_, i) => `line ${i + 1}`).join('\n')}\n`;
    const after = before.replace('line 2\n', 'line two\n').replace('line 11\n', '').concat('end');
    expect(diff(before, after)).toEqual([
      '--- a',
      '+++ b',
      '@@ -1,5 +1,5 @@',
      ' line 1',
      '-line 2',
      '+line two',
      ' line 3',
      ' line 4',
      ' line 5',
      '@@ -8,5 +8,5 @@',
      ' line 8',
      ' line 9',
      ' line 10',
      '-line 11',
      ' line 12',
      '+end',
      '\\ No newline at end of file',
    ]);
  });

  test('is empty for equal texts, and starts at 0 for an empty one', () => {
    expect(diff('a\n', 'a\n')).toEqual([]);
    expect(diff('', 'a\n')).toEqual(['--- a', '+++ b', '@@ -0,0 +1 @@', '+a']);
  });

  test('applied to the old text gives the new one, always', () => {
    const line = fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n');
    const text = fc.array(line, { maxLength: 30 }).map((lines) => lines.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(applied(before, diff(before, after))).toBe(after);
      }),
    );
  });

  test('of texts that have nothing in common stays quick', () => {
    const many = (prefix: string) => Array.from({ length: 5_000 }, (_, i) => `${prefix}${i}\n`).join('');
    expect(applied(many('a'), diff(many('a'), many('b')))).toBe(many('b'));
  });

  test('binary is no text', () => {
    expect(asText(Buffer.from([0x89, 0x50, 0, 1]))).toBeUndefined();
    expect(asText(Buffer.from([0xff, 0xfe, 0x41]))).toBeUndefined();
    expect(asText(Buffer.from('ä\n'))).toBe('ä\n');
  });
});

/** A tiny `patch`. */
function applied(before: string, patch: readonly string[]): string {
  const lines = before === '' ? [] : before.split(/(?<=\n)/);
  const out: string[] = [];
  let at = 0;
  for (const text of patch.slice(2)) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? /.exec(text);
    if (hunk !== null) {
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
      out.push(...lines.slice(at, start));
      at = start;
    } else if (text.startsWith('+')) out.push(`${text.slice(1)}\n`);
    else {
      if (text.startsWith(' ')) out.push(lines[at] ?? '');
      at++;
    }
  }
  return [...out, ...lines.slice(at)].join('');
}
