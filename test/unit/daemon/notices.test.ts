import { describe, expect, test } from 'vitest';
import type { DaemonEvent, TargetNews } from '../../../src/daemon/contract.ts';
import { NOTICES_START, type Notice, noticeStep } from '../../../src/daemon/notices/decide.ts';
import { showOnDesktop } from '../../../src/daemon/notices/desktop.ts';
import { watchForNotices } from '../../../src/daemon/notices/watch.ts';
import { QUIET_SUMMARY } from '../../support/cli.ts';
import { createFakeControl } from '../../support/fake-control.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';

const MINUTE = 60_000;

/** Events, each with the minute in which it is heard; undefined is a look at the clock. */
function noticesOf(...heard: readonly (readonly [minute: number, event?: DaemonEvent])[]): readonly string[] {
  let state = NOTICES_START;
  const said: Notice[] = [];
  for (const [minute, event] of heard) {
    const step = noticeStep(state, event, minute * MINUTE);
    state = step.state;
    said.push(...step.notices);
  }
  return said.map(({ title, body }) => `${title} | ${body}`);
}

const news = (event: TargetNews, target = 'notes'): DaemonEvent => ({ kind: 'news', target, news: event });
const halted = (planId: string, target?: string) => news({ kind: 'halt-began', planId }, target);
const trouble = (message = 'the store does not answer') =>
  news({ kind: 'trouble-began', offline: true, failure: { code: 'STORE_UNREACHABLE', message } });
const over = news({ kind: 'trouble-ended', offline: true });
const conflict = (path: string, choice: 'both' | 'remote' = 'both'): DaemonEvent => ({
  kind: 'sync',
  event: {
    kind: 'conflict',
    target: 'notes',
    conflict: { path, local: { state: 'updated' }, remote: { state: 'updated' } },
    choice,
  },
});
const finished: DaemonEvent = {
  kind: 'sync',
  event: { kind: 'cycle-finished', target: 'notes', summary: QUIET_SUMMARY, dryRun: false },
};

describe('a person at the desktop is told', () => {
  test('of a halted plan once, however often it is found again', () => {
    expect(noticesOf([0, halted('a')], [1, halted('a')], [2, halted('b')])).toEqual([
      'notes is halted | A plan would destroy much, so nothing was done. To see it: s4 status',
      'notes is halted | A plan would destroy much, so nothing was done. To see it: s4 status',
    ]);
  });

  test('of the conflicts of a cycle in one notice, and of later ones no more often than every ten minutes', () => {
    expect(
      noticesOf(
        ...['a', 'b', 'c', 'd'].map((path) => [0, conflict(path)] as const),
        [0, finished],
        [1, conflict('e')],
        [1, finished],
        [12, finished],
      ),
    ).toEqual([
      '4 conflicts in notes | a, b, c and 1 more. Both versions are kept.',
      '1 conflict in notes | e. Both versions are kept.',
    ]);
  });

  test('of no conflict that a policy has decided for one side', () => {
    expect(noticesOf([0, conflict('a', 'remote')], [0, finished])).toEqual([]);
  });

  test('of trouble only when it lasts, and then of its end', () => {
    expect(noticesOf([0, trouble()], [9], [9, over], [20])).toEqual([]);
    expect(noticesOf([0, trouble()], [5, trouble('another')], [11], [12], [65, over])).toEqual([
      'notes has not been synced for 11 min 00 s | Another.',
      'notes is synced again | It was not for 1 h 05 min.',
    ]);
  });

  test('a few times an hour at most, and that more is left out', () => {
    const many = Array.from({ length: 20 }, (_, i) => [i, halted('p', `t${i}`)] as const);
    const said = noticesOf(...many, [90, halted('q', 'late')]);
    expect(said).toHaveLength(7);
    expect(said[5]).toContain('More of the next hour is left out');
    expect(said[6]).toMatch(/^late is halted/);
  });
});

test('a daemon is watched until it ends', async () => {
  const runtime = createFakeRuntime();
  const control = createFakeControl();
  const ending = new AbortController();
  const shown: Notice[] = [];
  const watching = watchForNotices(
    {
      control,
      // Trouble is heard first, and lasts while the clock goes on.
      runtime: {
        ...runtime,
        nowMs: runtime.nowMs,
        sleep: async (delayMs, options) => {
          if (runtime.sleptMs >= 20 * MINUTE) ending.abort();
          await runtime.sleep(delayMs, options);
        },
      },
      show: (notice) => shown.push(notice),
    },
    ending.signal,
  );
  control.tell(trouble());
  await watching;
  expect(shown).toEqual([
    { title: 'notes has not been synced for 10 min 00 s', body: 'The store does not answer.' },
  ]);
  expect(control.subscribers()).toBe(0);
});

describe('a notice on the desktop', () => {
  const ran: (readonly string[])[] = [];
  const machine = (...present: readonly string[]) => {
    ran.length = 0;
    return async (program: string, args: readonly string[]) => {
      ran.push([program, ...args]);
      return present.includes(program);
    };
  };
  const nasty: Notice = { title: '-x\u001b[31m', body: '<b>$(rm -rf ~)</b> & "q"\n\u202e' };

  test('on Linux is no markup, no option and no escape sequence', async () => {
    expect(await showOnDesktop(nasty, 'linux', machine('notify-send'))).toBe(true);
    expect(ran[0]?.slice(-3)).toEqual([
      '--',
      's4: -x\\x1b[31m',
      '&lt;b&gt;$(rm -rf ~)&lt;/b&gt; &amp; "q"\\n\\u202e',
    ]);
  });

  test('on macOS is data to the script, never a part of it', async () => {
    expect(await showOnDesktop(nasty, 'darwin', machine('osascript'))).toBe(true);
    expect(ran.map(([program]) => program)).toEqual(['terminal-notifier', 'osascript']);
    expect(ran[1]?.slice(-2)).toEqual(['s4: -x\\x1b[31m', '<b>$(rm -rf ~)</b> & "q"\\n\\u202e']);
    expect(ran[1]?.join(' ')).toContain('item 2 of argv');
  });

  test('is short', async () => {
    await showOnDesktop({ title: 't', body: 'x'.repeat(5000) }, 'linux', machine('notify-send'));
    expect(ran[0]?.at(-1)).toHaveLength(240);
  });

  test('is not to be had on a server, which is no failure', async () => {
    expect(await showOnDesktop(nasty, 'linux', machine())).toBe(false);
  });
});
