import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fittedTable, lineFit, wrapped } from '../../../src/commands/fit.ts';
import { main } from '../../../src/commands/main.ts';
import { cellWidth } from '../../../src/ui/text/width.ts';
import { type Bench, createBench, quietCycle } from '../../support/cli.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

const LONG = 'a very long folder name/with another one below/夏休みの写真/とても長い名前のファイル.jpg';

describe('fitting', () => {
  test('cuts paths in the middle, by cells, and lets less important columns go first', () => {
    const columns = [
      { header: 'key', cut: 'middle', least: 24 },
      { header: 'size', optional: 1 },
    ] as const;
    for (const width of [30, 40, 80]) {
      const lines = fittedTable({ width, ellipsis: '…' }, columns, [[LONG, '812.0 KiB']]);
      for (const { text } of lines) expect(cellWidth(text)).toBeLessThanOrEqual(width);
      expect(lines.at(-1)?.text).toContain('…');
      expect(lines[0]?.text.includes('size')).toBe(width > 30);
    }
  });

  test('breaks sentences, and goes on further right', () => {
    expect(
      wrapped({ width: 40, ellipsis: '…' }, '  ok  clock: agrees with the clock of the service', 6),
    ).toEqual(['  ok  clock: agrees with the clock', '      of the service']);
  });

  test('leaves lines whole where there is no terminal', () => {
    expect(lineFit(undefined)).toBeUndefined();
  });
});

describe('on a terminal of 60 columns', () => {
  let temp: TempDir;
  let bench: Bench;
  beforeEach(async () => {
    temp = await createTempDir();
    bench = createBench(temp.path);
    await main(['add', bench.folder('notes'), 's3://bucket/notes', '--yes'], bench.process());
    bench.stdout.length = 0;
  });
  afterEach(() => temp.remove());

  const run = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { host } = createFakeTerminal({ columns: 60 });
    await main(args, { ...bench.process(), terminal: host });
    return bench.stdout.join('').trimEnd().split('\n');
  };

  test.each([[['targets']], [['ls', 'notes']], [['status']], [['doctor']]])('%j fits', async (args) => {
    bench.engine = ({ deps, options }) =>
      quietCycle(deps, options, [
        {
          kind: 'planned',
          target: 'notes',
          planId: 'p',
          operations: [{ kind: 'create', direction: 'up', path: LONG }],
          conflicts: [{ path: LONG, local: { state: 'updated' }, remote: { state: 'deleted' } }],
          bytesUp: 1,
          bytesDown: 0,
        },
        {
          kind: 'problem',
          target: 'notes',
          problem: {
            path: 'locked',
            code: 'unreadable',
            message: 'the file may not be read by this user, nor by its group',
          },
        } as never,
      ]);
    for (const line of await run(...args)) expect(cellWidth(line)).toBeLessThanOrEqual(60);
  });

  test('targets are a table, and stay as they were with --json', async () => {
    const [header, row] = await run('targets');
    expect(header).toMatch(/^name +folder +store/);
    expect(row).toMatch(/^notes +.*s3:\/\/bucket\/notes/);
    bench.stdout.length = 0;
    expect(JSON.parse((await run('targets', '--json'))[0] ?? '')).toMatchObject({
      kind: 'target',
      name: 'notes',
    });
  });
});
