import { cellWidth } from './text/width.ts';

/** The terminal as Ink writes to it: what the last frame was is known, so that it can be taken away and drawn again. */
export interface FrameStream {
  readonly stdout: NodeJS.WriteStream;
  /** To be called at a resize, before the screen is drawn for the new size. */
  resized(): void;
  /** Takes the last frame off the screen. */
  erase(): void;
  /** Draws it again from where the cursor is, or on a cleared full screen. */
  repaint(): void;
}

/** What Ink puts before a frame: it erases the one before, line by line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences
const ERASE = /^(?:\u001b\[(?:2K|1A|G))+/;
const CLEAR_ALL = '\u001b[2J\u001b[H';
const CLEAR_BELOW = '\u001b[J';

/**
 * Ink erases as many lines as its last frame had. A terminal that became narrower has wrapped them: they take more rows
 * by then, and what is left of them would stay. So all of it is erased here, with as many empty lines in its place as Ink
 * believes to have drawn. Ink is not told of the resize: it would first draw the frame of the old width once more. The
 * screen has the new size as its state, and is drawn for that.
 *
 * Nor shall Ink know the height: it clears the whole terminal, with what was scrolled away, when a frame is as high as
 * that; screens here keep below the height themselves.
 */
export function createFrameStream(
  stdout: NodeJS.WriteStream,
  options: { readonly fullScreen: boolean },
): FrameStream {
  const { fullScreen } = options;
  let frame = '';
  const write = (chunk: string, ...rest: readonly unknown[]): boolean => {
    const drawn = chunk.replace(ERASE, '');
    if (drawn.includes('\n')) {
      frame = drawn;
    }
    return (stdout.write as (chunk: string, ...more: readonly unknown[]) => boolean)(chunk, ...rest);
  };
  const on = (event: string, listener: (...args: unknown[]) => void): NodeJS.WriteStream =>
    event === 'resize' ? stdout : stdout.on(event, listener);
  const eraser = (): string => {
    if (fullScreen) return CLEAR_ALL;
    const up = Math.min(rowsOf(frame, stdout.columns), Math.max(0, stdout.rows - 1));
    return `\r${up > 0 ? `\u001b[${up}A` : ''}${CLEAR_BELOW}`;
  };
  return {
    stdout: new Proxy(stdout, {
      get: (target, member) => {
        if (member === 'rows') return 10_000;
        if (member === 'write') return write;
        if (member === 'on') return on;
        const value: unknown = Reflect.get(target, member, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
    resized: () => {
      // A new frame is sure to come then: none of its lines is as long.
      const isWrapped = frame.split('\n').some((line) => cellWidth(line) > stdout.columns);
      const lines = '\n'.repeat(frame.split('\n').length - 1);
      if (fullScreen || isWrapped) stdout.write(eraser() + (isWrapped ? lines : frame));
    },
    erase: () => void stdout.write(eraser()),
    repaint: () => void stdout.write((fullScreen ? CLEAR_ALL : `\r${CLEAR_BELOW}`) + frame),
  };
}

/** How many rows it takes at a width, where a terminal wraps what is too long. */
function rowsOf(frame: string, columns: number): number {
  const lines = frame.split('\n').slice(0, -1);
  return lines.reduce(
    (rows, line) => rows + Math.max(1, Math.ceil(cellWidth(line) / Math.max(1, columns))),
    0,
  );
}
