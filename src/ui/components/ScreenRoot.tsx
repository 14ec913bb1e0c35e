import { Box, useInput } from 'ink';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { keyPresses, PASTE_END, PASTE_START } from '../keys/key-press.ts';
import { createKeyHub, KeyHubContext, usePressQueue } from '../keys/use-keys.ts';
import type { TerminalHost } from '../terminal.ts';
import { glyphsFor } from '../text/glyphs.ts';
import { themeFor } from '../text/theme.ts';
import { TerminalContext } from './terminal-context.ts';

export interface ScreenRootProps {
  readonly host: TerminalHost;
  readonly interrupt: () => void;
  readonly suspend: () => void;
  readonly fullScreen: boolean;
  readonly content: ReactNode;
}

/** Gives a screen its terminal: size, signs, colours, keys. Ctrl-C and Ctrl-Z are heard here, before anybody else. */
export function ScreenRoot({ host, interrupt, suspend, fullScreen, content }: ScreenRootProps): ReactNode {
  const size = useSize(host.stdout);
  const hub = useMemo(createKeyHub, []);
  const pasting = useRef(false);
  const enqueue = usePressQueue((press) => {
    if (press.kind === 'key' && press.name === 'ctrl-c') interrupt();
    else if (press.kind === 'key' && press.name === 'ctrl-z') suspend();
    else hub.press(press);
  });
  useInput((input, key) => {
    if (input === PASTE_START || input === PASTE_END) {
      pasting.current = input === PASTE_START;
      return;
    }
    enqueue(keyPresses(input, key, pasting.current));
  });
  const view = useMemo(
    () => ({
      ...size,
      glyphs: glyphsFor(host.env),
      theme: themeFor(host.env, host.colours),
      nowMs: host.nowMs,
    }),
    [size, host],
  );
  return (
    <TerminalContext.Provider value={view}>
      <KeyHubContext.Provider value={hub}>
        <Box flexDirection="column" width={size.columns} {...(fullScreen ? { height: size.rows - 1 } : {})}>
          {content}
        </Box>
      </KeyHubContext.Provider>
    </TerminalContext.Provider>
  );
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

function sizeOf(stdout: NodeJS.WriteStream): Size {
  // A terminal that does not know its size says 0.
  return { columns: stdout.columns || 80, rows: stdout.rows || 24 };
}

function useSize(stdout: NodeJS.WriteStream): Size {
  const [size, setSize] = useState(() => sizeOf(stdout));
  useEffect(() => {
    const onResize = (): void => setSize(sizeOf(stdout));
    stdout.on('resize', onResize);
    return () => {
      stdout.off('resize', onResize);
    };
  }, [stdout]);
  return size;
}
