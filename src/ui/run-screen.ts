import { render } from 'ink';
import { createElement, Fragment, type ReactElement } from 'react';
import { ScreenRoot } from './components/ScreenRoot.tsx';
import { createFrameStream, type FrameStream } from './frame-stream.ts';
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
const HIDE_CURSOR = '\u001b[?25l';

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
  const fullScreen = options.fullScreen === true;
  const before = fullScreen ? ENTER_FULL + PASTE_ON : PASTE_ON;
  const after = (fullScreen ? LEAVE_FULL : '') + PASTE_OFF + SHOW_CURSOR;
  const frames = createFrameStream(host.stdout, { fullScreen });
  const job = jobControl(host, frames, { before, after });
  // An exit in the middle, by a signal or a bug, must not leave its mark either.
  const onExit = (): void => void host.stdout.write(after);
  process.once('exit', onExit);
  host.onScreen?.(true);
  host.stdout.write(before);
  // Before the screen listens.
  if (host.wholeFrames !== true) host.stdout.on('resize', frames.resized);
  const root = createElement(ScreenRoot, {
    host,
    interrupt: options.onInterrupt ?? host.interrupt,
    suspend: job.suspend,
    fullScreen,
    content: screen({ done: end.done, fail: end.fail }),
  });
  const app = render(root, {
    stdout: frames.stdout,
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
    host.stdout.off('resize', frames.resized);
    job.end();
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

interface JobControl {
  /** What Ctrl-Z does: raw mode gives it to us as a key, not to the process as a signal. */
  suspend(): void;
  end(): void;
}

/** Gives the terminal back while the process is stopped, and takes it again when it goes on. */
function jobControl(
  host: TerminalHost,
  frames: FrameStream,
  { before, after }: { readonly before: string; readonly after: string },
): JobControl {
  const { jobs, stdin, stdout } = host;
  let isStopped = false;
  let isExpected = false;
  const resume = (): void => {
    if (!isStopped) return;
    isStopped = false;
    host.onScreen?.(true);
    stdin.setRawMode(true);
    stdout.write(before + HIDE_CURSOR);
    frames.repaint();
  };
  // Also when somebody else stopped it: the shell has set the terminal as it likes it since.
  const forget = jobs?.onContinue(() => {
    isStopped ||= !isExpected;
    isExpected = false;
    resume();
  });
  return {
    suspend: () => {
      if (jobs === undefined || isStopped) return;
      isStopped = true;
      isExpected = true;
      frames.erase();
      stdin.setRawMode(false);
      stdout.write(after);
      host.onScreen?.(false);
      jobs.stop();
      // Where nobody could ever continue it, the system does not stop it.
      setImmediate(resume);
    },
    end: () => forget?.(),
  };
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
