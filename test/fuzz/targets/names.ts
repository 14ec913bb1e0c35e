import { isS4Error } from '../../../src/lib/errors.ts';
import { checkObjectKey } from '../../../src/stores/object-key.ts';
import { conflictCopyPath } from '../../../src/sync/conflict-name.ts';
import { pairTwins } from '../../../src/sync/names.ts';
import { baseName, compareKeys, keyPath, parseKey, utf8Bytes } from '../../../src/sync/path.ts';
import { hostileKey, hostileText } from '../hostile.ts';
import { type FuzzTarget, fail, refusedOr } from '../target.ts';

/** Spelled so that a disk which folds case, width or ignorable code points takes it for s4's own folder. */
const OWN = /^\.s4$/i;
const IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** What passes as a path of the folder stays inside it, and a copy's name beside it does too. */
export const names: FuzzTarget = {
  name: 'names',
  share: 80,
  short: 1500,
  limitMs: 1000,
  run(dice) {
    const raw = hostileKey(dice);
    const parsed = parseKey(raw, dice.int(100));
    if (!parsed.ok) return;
    const segments = keyPath(parsed.key).split('/');
    for (const segment of segments) {
      if (segment === '' || segment === '.' || segment === '..') fail('leaves the folder', raw);
      if (OWN.test(segment.replace(IGNORED, '').normalize('NFKC'))) fail("reaches s4's own folder", raw);
      if (utf8Bytes(segment) > 255) fail('a segment is too long', raw);
    }
    if (/[\0\\]/.test(raw) || !raw.isWellFormed()) fail('not a name', raw);
    refusedOr(
      () => checkObjectKey(raw as never),
      (error) => isS4Error(error, 'OBJECT_KEY_REFUSED'),
    );
    const copy = conflictCopyPath({
      path: parsed.path,
      host: hostileText(dice),
      whenMs: dice.pick([0, -1, 1e300, Number.NaN, 1_732_158_727_123]),
      taken: () => dice.oneIn(3),
    });
    if (baseName(copy).includes('/') || utf8Bytes(baseName(copy)) > 255) fail('not a name beside it', copy);
    const again = parseKey(copy);
    if (!again.ok && again.fault !== 'too-long')
      fail('the copy has no name that can be synced', [copy, again.fault]);
    const other = parseKey(hostileKey(dice));
    if (!other.ok) return;
    pairTwins([parsed.key], [other.key], { foldsCase: dice.oneIn(2), present: [parsed.key] });
    if (
      Math.sign(compareKeys(parsed.key, other.key)) !==
      Math.sign(Buffer.from(parsed.key).compare(Buffer.from(other.key)))
    )
      fail('not the order of bytes', [parsed.key, other.key]);
  },
};
