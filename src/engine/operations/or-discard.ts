import type { Staging } from '../ports/folder.ts';

/**
 * Whatever fails before a temp file is in its place, the file goes: a daemon lives long, and would keep a whole download
 * for each try at a path that cannot be written.
 */
export async function orDiscard<T>(staging: Staging, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What failed first is what is told.
    await staging.discard().catch(() => undefined);
    throw error;
  }
}
