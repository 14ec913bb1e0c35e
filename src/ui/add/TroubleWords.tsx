import { Box } from 'ink';
import type { ReactNode } from 'react';
import { useTerminal } from '../components/terminal-context.ts';
import { Words } from '../components/Words.tsx';
import type { Trouble } from './facts.ts';

/** What is wrong, and what to do about it. */
export function TroubleWords({
  trouble,
  width,
}: {
  readonly trouble: Trouble | undefined;
  readonly width: number;
}): ReactNode {
  const { glyphs } = useTerminal();
  if (trouble === undefined) return null;
  const token = trouble.missing === true ? 'warn' : 'error';
  const mark = trouble.missing === true ? glyphs.warn : glyphs.error;
  return (
    <Box flexDirection="column" marginTop={1}>
      <Words width={width} token={token} hang={2}>{`${mark} ${trouble.message}`}</Words>
      {trouble.hint === undefined ? null : (
        <Words width={width} indent={2}>
          {trouble.hint}
        </Words>
      )}
    </Box>
  );
}
