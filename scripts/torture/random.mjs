// Chance with a seed. What processes and networks make of it differs from run to run; what is attempted does not.
import { createHash } from 'node:crypto';

/** @typedef {ReturnType<typeof createRandom>} Random */

/** @param {string | number} seed numbers and words that name the stream */
export function createRandom(...seed) {
  let state = createHash('sha256').update(seed.join('/')).digest().readUInt32LE(0);
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** From 0 up to 1. */
    next,
    chance: (share) => next() < share,
    /** Whole, from `least` to `most`. */
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick: (items) => items[Math.floor(next() * items.length)],
    /** @param {Record<string, number>} weights */
    weighted: (weights) => {
      const names = Object.keys(weights);
      let left = next() * names.reduce((sum, name) => sum + weights[name], 0);
      for (const name of names) {
        left -= weights[name];
        if (left < 0) return name;
      }
      return names.at(-1);
    },
  };
}
