import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldKey, pairTwins, portabilityFault, portabilityNotice } from '../../../src/sync/names.ts';
import type { EntryKey } from '../../../src/sync/path.ts';

const NFC = 'caf\u00e9.txt';
const NFD = 'cafe\u0301.txt';
const keys = (...names: string[]) => names as EntryKey[];

describe('names other systems cannot hold', () => {
  it.each([
    ['aux.txt', 'reserved-on-windows'],
    ['CON', 'reserved-on-windows'],
    ['nul .tar.gz', 'reserved-on-windows'],
    ['Com1', 'reserved-on-windows'],
    ['lpt³.x', 'reserved-on-windows'],
    ['a:b', 'forbidden-on-windows'],
    ['what?', 'forbidden-on-windows'],
    ['tab\there', 'forbidden-on-windows'],
    ['end.', 'trailing-dot-or-space'],
    ['end ', 'trailing-dot-or-space'],
    ['console.txt', undefined],
    ['com10', undefined],
    ['my aux', undefined],
    ['.hidden', undefined],
  ])('judges %j as %s', (name, fault) => {
    expect(portabilityFault(name)).toBe(fault);
    expect(portabilityNotice(name) === undefined).toBe(fault === undefined);
  });
});

describe('twins', () => {
  it('pairs two normal forms on every disk', () => {
    for (const foldsCase of [false, true]) {
      expect(pairTwins(keys(NFD), keys(NFC, 'x'), { foldsCase })).toEqual({
        pairs: [{ local: NFD, remote: NFC }],
        clashes: [],
      });
    }
  });

  it('pairs two cases only where the disk folds them, folders of the path included', () => {
    const local = keys('Docs/ΌΣΟΣ.txt');
    const remote = keys('docs/όσος.TXT');
    expect(pairTwins(local, remote, { foldsCase: false }).pairs).toEqual([]);
    expect(pairTwins(local, remote, { foldsCase: true }).pairs).toEqual([
      { local: local[0], remote: remote[0] },
    ]);
  });

  it('prefers the same normal form to the same letters', () => {
    const twins = pairTwins(keys(NFD), keys(NFC.toUpperCase(), NFC), { foldsCase: true });
    expect(twins.pairs).toEqual([{ local: NFD, remote: NFC }]);
    expect(twins.clashes).toEqual([{ key: NFC.toUpperCase(), with: NFD }]);
  });

  it('flags all but one of the remote keys that fold to one name', () => {
    const remote = keys('Readme', 'README', 'readme');
    expect(pairTwins([], remote, { foldsCase: true })).toEqual({
      pairs: [],
      clashes: [
        { key: 'Readme', with: 'README' },
        { key: 'readme', with: 'README' },
      ],
    });
    expect(pairTwins([], remote, { foldsCase: false })).toEqual({ pairs: [], clashes: [] });
  });

  it('flags a remote key that would land on a file that is there under its own name', () => {
    const twins = pairTwins([], keys('Readme', 'other'), { foldsCase: true, present: keys('README') });
    expect(twins.clashes).toEqual([{ key: 'Readme', with: 'README' }]);
  });

  it('does not take a file for a folder', () => {
    expect(pairTwins(keys('A'), keys('a/'), { foldsCase: true })).toEqual({ pairs: [], clashes: [] });
  });

  it('does not take names for each other that are only as long', () => {
    expect(pairTwins(keys('Readme'), keys('Other!'), { foldsCase: true })).toEqual({
      pairs: [],
      clashes: [],
    });
    expect(pairTwins([], keys('Readme', 'Other!'), { foldsCase: true }).clashes).toEqual([]);
  });

  it('does not take letters for each other that are no case pair', () => {
    expect(foldKey('straße' as EntryKey, true)).not.toBe(foldKey('strasse' as EntryKey, true));
    expect(foldKey('ﬁ' as EntryKey, true)).not.toBe(foldKey('fi' as EntryKey, true));
    expect(foldKey('STRAẞE' as EntryKey, true)).toBe(foldKey('straße' as EntryKey, true));
    expect(foldKey('𐐀' as EntryKey, true)).toBe(foldKey('𐐨' as EntryKey, true));
  });

  it('uses each key once, only for its twins, whatever the input order', () => {
    const name = fc.array(fc.constantFrom('a', 'A', 'é', 'e\u0301', 'E\u0301', '/'), {
      minLength: 1,
      maxLength: 3,
    });
    const side = fc.uniqueArray(
      name.map((parts) => parts.join('') as EntryKey),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(side, side, fc.boolean(), (locals, remotes, foldsCase) => {
        const remoteOnly = remotes.filter((key) => !locals.includes(key));
        const twins = pairTwins(locals, remoteOnly, { foldsCase });
        const reversed = pairTwins(locals.toReversed(), remoteOnly.toReversed(), { foldsCase });
        expect(reversed).toEqual(twins);
        const used = [...twins.pairs.map((pair) => pair.remote), ...twins.clashes.map((clash) => clash.key)];
        expect(new Set(used).size).toBe(used.length);
        expect(new Set(twins.pairs.map((pair) => pair.local)).size).toBe(twins.pairs.length);
        for (const { local, remote } of twins.pairs) {
          const [a, b] = [local.normalize('NFC'), remote.normalize('NFC')];
          expect(foldsCase ? a.toLowerCase() : a).toBe(foldsCase ? b.toLowerCase() : b);
        }
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
