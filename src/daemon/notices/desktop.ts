import { spawn } from 'node:child_process';
import { escapeForTerminal } from '../../report/escape.ts';
import type { Notice } from './decide.ts';

/** Runs a program; false when it is not there or fails. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<boolean>;

/** A name in it may be as long as a path. */
const MAX_CHARS = 240;

/** Passed as arguments, never as code: nothing in a name can be run. */
const APPLE_SCRIPT = [
  'on run argv',
  'display notification (item 2 of argv) with title (item 1 of argv)',
  'end run',
];

/**
 * Shows a notice by what the desktop has for that: `notify-send`; `terminal-notifier`, else `osascript`. False when
 * nothing of it is there, as on a server.
 */
export async function showOnDesktop(
  notice: Notice,
  platform: NodeJS.Platform,
  run: RunProgram = runProgram,
): Promise<boolean> {
  const title = `s4: ${cut(escapeForTerminal(notice.title))}`;
  const body = cut(escapeForTerminal(notice.body));
  if (platform !== 'darwin')
    return run('notify-send', ['--app-name=s4', '--icon=folder-sync', '--', title, withoutMarkup(body)]);
  // It takes a text that begins with a bracket or a dash for something else.
  if (await run('terminal-notifier', ['-group', 's4', '-title', title, '-message', ` ${body}`])) return true;
  return run('osascript', [...APPLE_SCRIPT.flatMap((line) => ['-e', line]), title, body]);
}

/** Bodies are markup to the servers that show them (Desktop Notifications Specification). */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function cut(text: string): string {
  const chars = [...text];
  return chars.length <= MAX_CHARS ? text : `${chars.slice(0, MAX_CHARS - 1).join('')}…`;
}

function runProgram(program: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', timeout: 10_000 });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
