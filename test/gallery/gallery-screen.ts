import type { ReactElement } from 'react';
import { runScreen, type ScreenOptions } from '../../src/ui/run-screen.ts';
import { createFakeTerminal, type FakeTerminalOptions } from '../support/fake-terminal.ts';

/** A screen with sample data: shown by `npm run gallery`, and held to its frames by a test. */
export interface GalleryScreen {
  /** `conflict-diff`: kebab-case, the screen first. */
  readonly name: string;
  readonly about: string;
  readonly element: () => ReactElement;
  /** Text that the first frame has. */
  readonly shows: string;
  /** Keys pressed one after the other, and text that is there afterwards. */
  readonly steps?: readonly { readonly press: readonly string[]; readonly shows: string }[];
  readonly rows?: number;
  readonly options?: ScreenOptions;
}

/** The frame of a screen at a width. */
export async function drawGalleryScreen(
  screen: GalleryScreen,
  options: FakeTerminalOptions & { readonly columns: number; readonly colours?: boolean },
): Promise<string> {
  const terminal = createFakeTerminal({ rows: screen.rows ?? 24, ...options });
  const host = { ...terminal.host, colours: options.colours === true };
  const ended = runScreen<void>(host, screen.element, screen.options);
  // A screen that fails would otherwise never show what is waited for.
  const failed = ended.then(
    () => undefined,
    (error: unknown) => error,
  );
  const shown = async (text: string): Promise<void> => {
    const outcome = await Promise.race([terminal.shows(text), failed.then((error) => ({ error }))]);
    if (typeof outcome !== 'string') throw outcome.error;
  };
  await shown(screen.shows);
  for (const { press, shows } of screen.steps ?? []) {
    terminal.press(...press);
    await shown(shows);
  }
  const frame = terminal.frame();
  terminal.interrupts.abort(new Error('seen'));
  await failed;
  return frame;
}
