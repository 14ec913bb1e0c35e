import { useRef, useState } from 'react';

export interface Cursor {
  readonly at: number;
  /** Also what a key moved to that came before the next frame. */
  now(): number;
  move(to: number): void;
}

/** Where in a list one is. Keys may come faster than frames: Down and Enter typed at once mean the next entry. */
export function useCursor(start: number): Cursor {
  const [at, setAt] = useState(start);
  const latest = useRef(start);
  return {
    at,
    now: () => latest.current,
    move: (to) => {
      latest.current = to;
      setAt(to);
    },
  };
}
