import { render } from 'ink';
import { createElement, Fragment, type ReactElement } from 'react';
import { ScreenRoot } from './components/ScreenRoot.tsx';
import type { TerminalHost } from './terminal.ts';

export interface ScreenHandle<Result> {
  /** Ends the screen. The first call counts. */
  done(result: Result): void;
  /** Ends it by an error, which `runScreen` throws. */
  fail(error: unknown): void;
}

export interface ScreenOptions {
  /** On the alternate screen: what was there before is there again afterwards. */
  readonly fullScreen?: boolean;
  /** Removes the last frame when it ends. Full screens are gone anyway. */
  readonly clear?: boolean;
  /** What Ctrl-C does. By default the screen ends, rejecting with the reason of the interrupt. */
  readonly onInterrupt?: () => void;
}

// Ink writes nothing between two frames that are closer than this.
const FRAMES_PER_SECOND = 12;

const ENTER_FULL = '\u001b[?1049h\u001b[H';
const LEAVE_FULL = '\u001b[?1049l';
const PASTE_ON = '\u001b[?2004h';
const PASTE_OFF = '\u001b[?2004l';
const ONE_LINE_UP = '\u001b[1A';
const SHOW_CURSOR = '\u001b[?25h';

/**
 * Shows a screen until it is done, and leaves the terminal as it was, whatever happens: the one place that renders.
 *
 * @throws the reason of `host.signal` after an interrupt, and what the screen failed with
 */
export async function runScreen<Result>(
  host: TerminalHost,
  screen: (handle: ScreenHandle<Result>) => ReactElement,
  options: ScreenOptions = {},
): Promise<Result> {
  host.signal.throwIfAborted();
  const end = ending<Result>();
  const onAbort = (): void => end.fail(host.signal.reason);
  if (options.onInterrupt === undefined) host.signal.addEventListener('abort', onAbort, { once: true });
  const before = options.fullScreen === true ? ENTER_FULL + PASTE_ON : PASTE_ON;
  const after = (options.fullScreen === true ? LEAVE_FULL : '') + PASTE_OFF + SHOW_CURSOR;
  // An exit in the middle, by a signal or a bug, must not leave its mark either.
  const onExit = (): void => void host.stdout.write(after);
  process.once('exit', onExit);
  host.onScreen?.(true);
  host.stdout.write(before);
  const root = createElement(ScreenRoot, {
    host,
    interrupt: options.onInterrupt ?? host.interrupt,
    fullScreen: options.fullScreen === true,
    content: screen({ done: end.done, fail: end.fail }),
  });
  const app = render(root, {
    stdout: withoutHeight(host.stdout),
    stdin: host.stdin,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: FRAMES_PER_SECOND,
    debug: host.wholeFrames === true,
  });
  // A component that throws ends the app: that is our end too.
  app.waitUntilExit().then(undefined, end.fail);
  try {
    return await end.promise;
  } finally {
    host.signal.removeEventListener('abort', onAbort);
    process.off('exit', onExit);
    // Nothing is Ink's last frame then, and it writes that as an empty line.
    if (options.clear === true) app.rerender(createElement(Fragment));
    app.unmount();
    app.cleanup();
    if (options.clear === true && host.wholeFrames !== true) host.stdout.write(ONE_LINE_UP);
    // Whoever has the terminal next (an editor, a shell) reads what is typed, not we.
    host.stdin.pause();
    host.stdout.write(after);
    host.onScreen?.(false);
  }
}

interface Ending<Result> extends ScreenHandle<Result> {
  readonly promise: Promise<Result>;
}

function ending<Result>(): Ending<Result> {
  let handle: ScreenHandle<Result> | undefined;
  const promise = new Promise<Result>((done, fail) => {
    handle = { done, fail };
  });
  return { done: (result) => handle?.done(result), fail: (error) => handle?.fail(error), promise };
}

/**
 * Ink clears the whole terminal, with what was scrolled away, when a frame is as high as it: screens here keep below the
 * height themselves, and Ink shall not know it.
 */
function withoutHeight(stdout: NodeJS.WriteStream): NodeJS.WriteStream {
  return new Proxy(stdout, {
    get: (target, member) => {
      if (member === 'rows') return 10_000;
      const value: unknown = Reflect.get(target, member, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
