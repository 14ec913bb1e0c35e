import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../../src/commands/main.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { Examined } from '../../../src/stores/examine.ts';
import { type Bench, createBench } from '../../support/cli.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

const WELL: Examined = {
  versioning: 'enabled',
  clockAheadMs: 400,
  lifecycle: {
    kind: 'known',
    rules: [{ prefix: '', noncurrentDays: 90, expiresMarkers: true, abortUploadsDays: 7 }],
  },
};

let temp: TempDir;
let bench: Bench;
beforeEach(async () => {
  temp = await createTempDir();
  bench = createBench(temp.path);
  bench.examined = WELL;
  await main(['add', bench.folder('notes'), 's3://bucket/notes', '--yes'], bench.process());
  bench.stdout.length = 0;
});
afterEach(() => temp.remove());

async function doctor(...flags: readonly string[]) {
  const exit = await main(['doctor', ...flags], bench.process());
  return { exit, text: [...bench.stdout, ...bench.stderr].join('') };
}

describe('s4 doctor', () => {
  test('finds nothing wrong with a healthy target', async () => {
    const { exit, text } = await doctor();
    expect(exit).toBe(0);
    expect(text).not.toMatch(/warning|FAILED/);
    expect(text).toContain("clock: agrees with the service's");
    expect(text).toContain('versioning: enabled');
    expect(text).toContain('price: an idle daemon costs about $0.06 a month');
    expect(text).toContain('lifecycle: old versions and broken uploads expire');
  });

  test.each([
    ['a clock that is off', { ...WELL, clockAheadMs: -240_000 }, /clock: .* 240 s behind/],
    ['versioning that was switched off', { ...WELL, versioning: 'suspended' }, /suspended now, enabled when/],
    [
      'a bucket without rules',
      { ...WELL, lifecycle: { kind: 'known', rules: [] } },
      /NoncurrentVersionExpiration/,
    ],
    [
      'rules of another prefix',
      {
        ...WELL,
        lifecycle: { kind: 'known', rules: [{ prefix: 'else/', expiresMarkers: true, noncurrentDays: 1 }] },
      },
      /no rule for Noncurrent/,
    ],
  ] as const)('warns of %s', async (_, examined, words) => {
    bench.examined = examined as Examined;
    const { exit, text } = await doctor();
    expect(exit).toBe(0);
    expect(text).toMatch(words);
    expect(text).toContain('warning');
  });

  test('says that the store holds no target any more, and exits 2', async () => {
    bench.server('s3://bucket/notes').remove('.s4/target.json');
    const { exit, text } = await doctor();
    expect(exit).toBe(2);
    expect(text).toContain('it holds no target');
  });

  test('closes a config that others can read, with --fix', async () => {
    chmodSync(join(bench.configDir, 'config.json'), 0o644);
    expect((await doctor()).text).toContain('can be read by others');
    expect((await doctor('--fix')).text).toContain('mode is 0600 now');
  });

  test('prints how events reach a queue, with the least rights, and tries the queue', async () => {
    const url = 'https://sqs.eu-west-1.amazonaws.com/123456789012/s4';
    const { exit, text } = await doctor('notes', '--notify', `sqs:${url}`);
    expect(exit).toBe(0);
    expect(text).toContain('"Value": "notes/"');
    expect(text).toContain('"Resource": "arn:aws:sqs:eu-west-1:123456789012:s4"');
    expect(text).toMatch(/"sqs:ReceiveMessage",\s+"sqs:DeleteMessage"\s+\]/);
    expect(text).toContain('queue: it can be read');
  });

  test('a queue that denies access fails, with the policy above it', async () => {
    bench.queueError = new S4Error('STORE_DENIED', 'the queue denies access');
    const { exit, text } = await doctor('--notify', 'sqs:https://sqs.eu-west-1.amazonaws.com/1/s4');
    expect(exit).toBe(6);
    expect(text).toContain('FAILED   queue: the queue denies access');
    expect(text).toContain('sqs:SendMessage');
  });

  test('--notify is refused for a directory, for several targets, and where it is no queue', async () => {
    expect((await doctor('notes', '--notify', 'my-queue')).exit).toBe(2);
    await main(['add', bench.folder('disk'), `file://${bench.folder('store')}`, '--yes'], bench.process());
    const queue = 'sqs:https://sqs.eu-west-1.amazonaws.com/1/s4';
    expect(await doctor('disk', '--notify', queue)).toMatchObject({
      exit: 2,
      text: expect.stringContaining('disk is a directory'),
    });
    expect((await doctor('--notify', queue)).exit).toBe(2);
  });
});
