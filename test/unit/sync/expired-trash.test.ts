import { describe, expect, it } from 'vitest';
import { byAge, expiredTrash } from '../../../src/sync/expired-trash.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 1_000 * HOUR_MS;

const aged = (ref: string, hours: number, sizeBytes = 1) => ({
  ref,
  sizeBytes,
  movedMs: NOW_MS - hours * HOUR_MS,
});

const expired = (entries: readonly ReturnType<typeof aged>[], olderThanHours: number, maxBytes: number) =>
  expiredTrash(entries, { olderThanMs: olderThanHours * HOUR_MS, maxBytes }, NOW_MS).map(({ ref }) => ref);

describe('expiredTrash', () => {
  it('takes what is as old as the age, and nothing younger', () => {
    expect(expired([aged('young', 23.99), aged('at-age', 24), aged('old', 25)], 24, 100)).toEqual([
      'old',
      'at-age',
    ]);
  });

  it('takes the oldest while there is more than fits, and no more than it takes to fit', () => {
    const entries = [aged('c', 3, 40), aged('a', 5, 40), aged('b', 4, 40)];
    expect(expired(entries, 24, 120)).toEqual([]);
    expect(expired(entries, 24, 119)).toEqual(['a']);
    expect(expired(entries, 24, 79)).toEqual(['a', 'b']);
  });

  it('counts what goes by its age towards what has to fit', () => {
    expect(expired([aged('old', 30, 60), aged('young', 2, 60)], 24, 60)).toEqual(['old']);
  });

  it('takes nothing for its size that somebody may have open still', () => {
    expect(expired([aged('open', 0.99, 60), aged('an-hour', 1, 60)], 24, 0)).toEqual(['an-hour']);
  });

  it('takes what is younger than an hour where its age says so', () => {
    expect(expired([aged('f', 0.5)], 0.5, 100)).toEqual(['f']);
  });

  it('leaves what it was given in its order', () => {
    const entries = [aged('b', 30), aged('a', 40)];
    expiredTrash(entries, { olderThanMs: 0, maxBytes: 0 }, NOW_MS);
    expect(entries.map(({ ref }) => ref)).toEqual(['b', 'a']);
  });
});

describe('byAge', () => {
  it('is the oldest first, and of one moment the order of keys', () => {
    const sorted = [aged('\u{1f600}', 2), aged('b', 1), aged('\uffee', 2), aged('a', 1)].sort(byAge);
    expect(sorted.map(({ ref }) => ref)).toEqual(['\uffee', '\u{1f600}', 'a', 'b']);
  });
});
