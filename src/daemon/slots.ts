/** At most so many at once; first come, first served. */
export interface Slots {
  /** Resolves to what gives the slot back. */
  take(): Promise<() => void>;
}

export function createSlots(count: number): Slots {
  const waiting: (() => void)[] = [];
  let free = count;
  const giveBack = (): void => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  /** The same slot is not given back twice. */
  const once = (): (() => void) => {
    let held = true;
    return () => {
      if (held) giveBack();
      held = false;
    };
  };
  return {
    take: () =>
      new Promise((resolve) => {
        if (free > 0) {
          free--;
          resolve(once());
        } else {
          waiting.push(() => resolve(once()));
        }
      }),
  };
}
