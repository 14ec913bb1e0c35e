import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDaemonLog } from '../../../src/daemon/log.ts';
import { openLogTail } from '../../../src/daemon/log-tail.ts';
import { logLine } from '../../../src/daemon/log-view.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let path: string;
beforeEach(async () => {
  temp = await createTempDir();
  path = join(temp.path, 'daemon.log');
});
afterEach(() => temp.remove());
const write = (text: string) => fs.appendFileSync(path, text);

describe('the end of a log', () => {
  test('is its last lines, and from the file before it what is missing', () => {
    fs.writeFileSync(`${path}.1`, 'a\nb\nc\n');
    write('d\ne\n');
    expect(openLogTail(path, 1).read()).toEqual(['e']);
    expect(openLogTail(path, 4).read()).toEqual(['b', 'c', 'd', 'e']);
    expect(openLogTail(path, 0).read()).toEqual([]);
  });

  test('is found in a large one from behind', () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 50)}`);
    write(`${lines.join('\n')}\n`);
    expect(openLogTail(path, 3000).read()).toEqual(lines.slice(-3000));
  });

  test('is empty where there is no log yet, which may come', () => {
    const tail = openLogTail(path, 5);
    expect(tail.read()).toEqual([]);
    write('first\n');
    expect(tail.read()).toEqual(['first']);
  });
});

describe('a log that is followed', () => {
  test('tells each line once, when it is whole', () => {
    write('old\nhal');
    const tail = openLogTail(path, 1);
    expect(tail.read()).toEqual(['old']);
    write('f\nnew\n');
    expect(tail.read()).toEqual(['half', 'new']);
    expect(tail.read()).toEqual([]);
  });

  test('loses nothing and repeats nothing when it is rotated', () => {
    write('a\n');
    const tail = openLogTail(path, 10);
    expect(tail.read()).toEqual(['a']);
    write('b\n');
    fs.renameSync(path, `${path}.1`);
    write('c\n');
    expect(tail.read()).toEqual(['b', 'c']);
    fs.renameSync(path, `${path}.1`);
    expect(tail.read()).toEqual([]);
    write('d\n');
    expect(tail.read()).toEqual(['d']);
  });

  test('begins anew when it is emptied in place', () => {
    write('a\nb\nc\n');
    const tail = openLogTail(path, 1);
    tail.read();
    fs.truncateSync(path, 0);
    write('d\n');
    expect(tail.read()).toEqual(['d']);
  });
});

describe('a line of the log', () => {
  test.each([
    [
      { level: 40, time: 1_700_000_000_000, target: 'notes', msg: 'slow', path: 'a b', n: 2, pid: 7 },
      '2023-11-14 22:13:20 warning notes: slow path=a b n=2',
    ],
    [{ level: 50, time: 1_700_000_000_000, msg: 'x\u001b[2J' }, '2023-11-14 22:13:20 error   x\\x1b[2J'],
    [{ level: 'info', time: '2026-01-02T03:04:05Z', msg: 'm' }, '2026-01-02 03:04:05 info    m'],
    [{ msg: 'm', time: 'never' }, '-                   info    m'],
  ])('%j is for people %j', (record, text) => {
    expect(logLine(JSON.stringify(record)).text).toBe(text);
  });

  test('that is no record is shown as it is', () => {
    expect(logLine('{"torn').text).toBe('{"torn');
    expect(logLine('[1]').text).toBe('[1]');
  });
});

describe('an error in the log', () => {
  const logged = (error: unknown) => {
    const lines: string[] = [];
    createDaemonLog({ write: (line) => void lines.push(line), close: () => {} }, { debug: false }).error(
      error,
    );
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  test('that was to be expected says what to do, and not where it is from', () => {
    const error = new S4Error('CONFIG_INVALID', 'config.json is damaged', { hint: 'repair it' });
    const [line, ...more] = logged(error);
    expect(more).toEqual([]);
    expect(line).toMatchObject({ msg: 'config.json is damaged', code: 'CONFIG_INVALID', hint: 'repair it' });
    expect(line).not.toHaveProperty('err');
  });

  test('that is a bug says where it is from', () => {
    expect(logged(new TypeError('x'))).toMatchObject([
      { err: { stack: expect.stringMatching(/log\.test/) } },
    ]);
  });
});
