import type { Ear, ListenOptions, RunningEar } from './ear.ts';

/** Several ears as one. What two of them hear is told twice: hints, which cost little. */
export function joinEars(ears: readonly Ear[]): Ear {
  return { listen: (options) => listenWithAll(ears, options) };
}

async function listenWithAll(ears: readonly Ear[], options: ListenOptions): Promise<RunningEar> {
  const started = await Promise.allSettled(ears.map((ear) => ear.listen(options)));
  const running = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = started.find((each) => each.status === 'rejected');
  const close = async (): Promise<void> => {
    await Promise.all(running.map((ear) => ear.close()));
  };
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  return {
    activity: () => {
      for (const ear of running) ear.activity();
    },
    pollNow: () => {
      for (const ear of running) ear.pollNow();
    },
    get pollSeconds() {
      return Math.min(...running.map(({ pollSeconds }) => pollSeconds));
    },
    close,
  };
}
