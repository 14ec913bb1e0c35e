import { useStdout } from 'ink';
import { type ReactNode, useEffect, useState } from 'react';
import { SyncLive } from './SyncLive.tsx';
import type { SyncModel } from './sync-model.ts';

const FRAME_MS = 90;

/**
 * The live screen of `s4 sync`. Lines are written above it and forgotten: React never holds them, so that a hundred
 * thousand cost no more than ten.
 */
export function SyncScreen({ model }: { readonly model: SyncModel }): ReactNode {
  const { write } = useStdout();
  const [frame, setFrame] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      const lines = model.takeLines();
      if (lines !== '') write(lines);
      setFrame((n) => n + 1);
    }, FRAME_MS);
    return () => clearInterval(timer);
  }, [model, write]);
  return <SyncLive {...model.look()} frame={frame} />;
}
