import type { JoinedRow } from '../sync/join.ts';
import { fileKey, parentPath, type RelPath } from '../sync/path.ts';
import { changedRules, remoteRules, syncRules } from './ignore-first.ts';
import type { Focus } from './live-target.ts';
import { trusted } from './open-target.ts';
import { type PassOutcome, runPass } from './pass.ts';
import { problemFrom } from './problem-from.ts';
import { type ExtraRules, type Scan, scan } from './scan.ts';
import { scanFocus } from './scan-focus.ts';
import { notice, problem, type Session } from './session.ts';
import { changedHere } from './walk-focus.ts';

// A pass that leaves something to look at again is rare (an edit or another client in the same second); what moves
// for longer than this waits for the next run, and is said.
const MAX_PASSES = 4;
/** Paths that a notice names. */
const MAX_NAMED = 10;

/** A focus, and what the guards must know of the rest. */
export interface Narrow {
  readonly focus: Focus;
  /** Rows of the base that stand for folders, less those it gained since it was opened. */
  readonly markers: number;
}

/** Looks, plans and acts until nothing is left to a further look. @throws S4Error as `runPass` */
export async function runPasses(session: Session, narrow?: Narrow): Promise<PassOutcome> {
  let close = narrow && (await withWalk(narrow, session));
  for (let pass = 1; ; pass++) {
    const found = close && (await lookClosely(close, session, pass > 1));
    if (found === undefined) {
      close = undefined;
      await session.storeIsOurs();
    }
    const outcome = await runPass(found ?? (await look(session)), session);
    if (outcome.kind === 'halted' || !outcome.lookAgain) return outcome;
    if (pass === MAX_PASSES) {
      tellLeft(outcome.left, session);
      return outcome;
    }
  }
}

function tellLeft(left: readonly RelPath[], session: Session): void {
  const named = left.slice(0, MAX_NAMED);
  for (const path of named)
    notice(
      session,
      'postponed',
      'it keeps changing, here or in the store: it is left for the next sync',
      path,
    );
  const more = left.length - named.length;
  if (more > 0) notice(session, 'postponed', `so do ${more} more: they are left for the next sync`);
  if (left.length === 0)
    notice(session, 'postponed', 'some files keep changing: they are left for the next sync');
}

/** A focus with what a walk found beside it. */
async function withWalk(narrow: Narrow, session: Session): Promise<Narrow> {
  const { focus } = narrow;
  if (focus.walk !== true) return narrow;
  const { base, deps, options } = session;
  const { folder, store } = deps;
  const { paths, nameless } = await changedHere({
    base,
    folder,
    store,
    ...(options.signal && { signal: options.signal }),
  });
  for (const trouble of nameless) problem(session, trouble);
  return { ...narrow, focus: { ...focus, local: [...focus.local, ...paths] } };
}

/** Undefined where only a look at everything will do. */
async function lookClosely(
  { focus, markers }: Narrow,
  session: Session,
  askAll: boolean,
): Promise<Scan | undefined> {
  const { deps, base, options, storeIsOurs } = session;
  const looking = scanFocus(
    { local: [...focus.local, ...session.named], remote: focus.remote },
    {
      base,
      folder: deps.folder,
      store: deps.store,
      storeIsOurs,
      ...(options.signal && { signal: options.signal }),
    },
    { askAll, markers: markers + base.foldersGained },
  );
  const found = await looking.catch((error: unknown) => {
    // Trouble with one name must not end the cycle of all: a listing and a walk get round it, or say whose it is.
    problemFrom(error, '');
    return undefined;
  });
  if (found !== undefined) tellFound(found, session);
  return found;
}

function tellFound(found: Scan, session: Session): void {
  for (const { path, message } of found.notices) notice(session, 'special-file', message, path);
  for (const trouble of found.problems) problem(session, trouble);
}

/** Scans; if the other side changed ignore rules, those are synced first and both sides looked at again. */
async function look(session: Session): Promise<Scan> {
  const found = await scanWith(new Map(), session);
  const rules = changedRules(found);
  if (rules.length === 0 || session.options.mode !== 'sync') return withRules(found, rules, session);
  await syncRules(found, rules, session);
  const again = await scanWith(new Map(), session);
  return withRules(again, changedRules(again), session);
}

/** A look with the other side's rules too, where these still differ. */
async function withRules(found: Scan, open: readonly JoinedRow[], session: Session): Promise<Scan> {
  session.rulesDiffer = open.length > 0;
  return open.length === 0 ? found : scanWith(await remoteRules(open, session), session);
}

async function scanWith(extraRules: ReadonlyMap<string, ExtraRules>, session: Session): Promise<Scan> {
  const { deps, options, base } = session;
  const chosen = options.paths?.length === 1 ? options.paths[0] : undefined;
  const only = chosen && (await withFileAbove(chosen, session));
  const found = await scan(deps.folder, deps.store, trusted(base), {
    distrustStat: options.checksum === true,
    extraRules,
    ...(only !== undefined && { under: only }),
    ...(options.signal && { signal: options.signal }),
  });
  tellFound(found, session);
  const whole = (options.paths ?? []).length === 0;
  if (whole && found.markers !== undefined) session.markers = found.markers - base.foldersGained;
  const { target, emit } = deps;
  emit({ kind: 'scanned', target: target.name, side: 'local', entries: found.counts.localFiles });
  emit({ kind: 'scanned', target: target.name, side: 'remote', entries: found.counts.remoteFiles });
  return found;
}

/** The path, or the file that was synced under the name of a folder above it: the one is judged with the other. */
async function withFileAbove(path: RelPath, { base }: Session): Promise<RelPath> {
  for (let above = parentPath(path); above !== undefined; above = parentPath(above)) {
    if ((await base.get(fileKey(above))) !== undefined) return above;
  }
  return path;
}
