import { compareKeys, type EntryKey } from './path.ts';

/** Why another system cannot hold a name that this one can. */
export type PortabilityFault = 'reserved-on-windows' | 'trailing-dot-or-space' | 'forbidden-on-windows';

const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ ]*(?:\..*)?$/is;
const WINDOWS_FORBIDDEN = /[<>:"|?*\p{Cc}]/u;

/** What is wrong with one name (a single segment) elsewhere. Such names are synced all the same. */
export function portabilityFault(name: string): PortabilityFault | undefined {
  if (WINDOWS_DEVICE.test(name)) return 'reserved-on-windows';
  if (WINDOWS_FORBIDDEN.test(name)) return 'forbidden-on-windows';
  return /[. ]$/.test(name) ? 'trailing-dot-or-space' : undefined;
}

/** A sentence for people, without the path; undefined for a name that every system can hold. */
export function portabilityNotice(name: string): string | undefined {
  switch (portabilityFault(name)) {
    case undefined:
      return undefined;
    case 'reserved-on-windows':
      return 'Windows reserves this name for a device';
    case 'forbidden-on-windows':
      return 'Windows cannot hold a name with one of < > : " | ? * or a control character';
    case 'trailing-dot-or-space':
      return 'Windows drops a dot or space at the end of a name';
  }
}

export interface TwinOptions {
  /** The disk takes `A` and `a` for one name. */
  readonly foldsCase: boolean;
  /**
   * Keys that are already on the disk under their own name. Asked only where the disk folds: another key that folds to
   * one of them would land on top of it. Those that share no `foldKey` with a remote-only key may be left out.
   */
  readonly present?: Iterable<EntryKey>;
}

export interface Twins {
  /** Two spellings of one name, sorted by the local one. */
  readonly pairs: readonly { readonly local: EntryKey; readonly remote: EntryKey }[];
  /** Remote keys that the disk cannot hold beside `with`, sorted. They are reported, and touched on neither side. */
  readonly clashes: readonly { readonly key: EntryKey; readonly with: EntryKey }[];
}

/**
 * Finds what the two sides spell differently: equal by NFC, and by case where the disk folds it. Each key is in one
 * pair at most; equal NFC goes before equal case, then key order decides, so the result does not depend on input order.
 */
export function pairTwins(
  localOnly: readonly EntryKey[],
  remoteOnly: readonly EntryKey[],
  options: TwinOptions,
): Twins {
  const pairs: { local: EntryKey; remote: EntryKey }[] = [];
  const clashes: { key: EntryKey; with: EntryKey }[] = [];
  const locals = groupByFold(localOnly, options.foldsCase);
  const present = options.foldsCase ? groupByFold(options.present ?? [], true) : undefined;
  for (const [fold, remotes] of groupByFold(remoteOnly, options.foldsCase)) {
    const paired = pairGroup(locals.get(fold) ?? [], remotes);
    pairs.push(...paired);
    if (present === undefined) continue;
    const rest = remotes.filter((remote) => !paired.some((pair) => pair.remote === remote));
    const holder = paired[0]?.local ?? present.get(fold)?.[0] ?? rest.shift();
    if (holder !== undefined) clashes.push(...rest.map((key) => ({ key, with: holder })));
  }
  return {
    pairs: pairs.sort((a, b) => compareKeys(a.local, b.local)),
    clashes: clashes.sort((a, b) => compareKeys(a.key, b.key)),
  };
}

/**
 * The one form of all spellings of a key. Case is folded by single code points (`ß` stays): a name taken for another
 * that it is not would be worse than a twin found only when the disk refuses it.
 */
export function foldKey(key: EntryKey, foldsCase: boolean): string {
  const composed = key.normalize('NFC');
  if (!foldsCase) return composed;
  let folded = '';
  for (const point of composed) folded += foldPoint(point);
  return folded.normalize('NFC');
}

function foldPoint(point: string): string {
  const upper = point.toUpperCase();
  const folded = (isOnePoint(upper) ? upper : point).toLowerCase();
  return isOnePoint(folded) ? folded : point;
}

function isOnePoint(text: string): boolean {
  return text.length === 1 || (text.length === 2 && text.codePointAt(0) !== text.charCodeAt(0));
}

function groupByFold(keys: Iterable<EntryKey>, foldsCase: boolean): Map<string, EntryKey[]> {
  const groups = new Map<string, EntryKey[]>();
  for (const key of keys) {
    const fold = foldKey(key, foldsCase);
    const group = groups.get(fold);
    if (group === undefined) groups.set(fold, [key]);
    else group.push(key);
  }
  for (const group of groups.values()) group.sort(compareKeys);
  return groups;
}

function pairGroup(locals: readonly EntryKey[], remotes: readonly EntryKey[]) {
  const free = new Set(remotes);
  const alike = locals.map((local) => {
    const composed = local.normalize('NFC');
    const remote = [...free].find((candidate) => candidate.normalize('NFC') === composed);
    if (remote !== undefined) free.delete(remote);
    return { local, remote };
  });
  return alike.flatMap(({ local, remote = free.values().next().value }) => {
    if (remote === undefined) return [];
    free.delete(remote);
    return [{ local, remote }];
  });
}
