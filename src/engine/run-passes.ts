import { changedRules, remoteRules, syncRules } from './ignore-first.ts';
import { trusted } from './open-target.ts';
import { type PassOutcome, runPass } from './pass.ts';
import { type ExtraRules, type Scan, scan } from './scan.ts';
import { notice, problem, type Session } from './session.ts';

// A pass that leaves something to look at again is rare (an edit or another client in the same second); what moves
// for longer than this waits for the next run, and is said.
const MAX_PASSES = 4;

/** Looks, plans and acts until nothing is left to a further look. @throws S4Error as `runPass` */
export async function runPasses(session: Session): Promise<PassOutcome> {
  for (let pass = 1; ; pass++) {
    const outcome = await runPass(await look(session), session);
    if (outcome.kind === 'halted' || !outcome.lookAgain) return outcome;
    if (pass === MAX_PASSES) {
      notice(session, 'postponed', 'some files keep changing: they are left for the next sync');
      return outcome;
    }
  }
}

/** Scans; if the other side changed ignore rules, those are synced first and both sides looked at again. */
async function look(session: Session): Promise<Scan> {
  const found = await scanWith(new Map(), session);
  const rules = changedRules(found);
  if (rules.length === 0) return found;
  if (session.options.mode === 'sync') {
    await syncRules(found, rules, session);
    const again = await scanWith(new Map(), session);
    const open = changedRules(again);
    return open.length === 0 ? again : scanWith(await remoteRules(open, session), session);
  }
  return scanWith(await remoteRules(rules, session), session);
}

async function scanWith(extraRules: ReadonlyMap<string, ExtraRules>, session: Session): Promise<Scan> {
  const { deps, options, base } = session;
  const only = options.paths?.length === 1 ? options.paths[0] : undefined;
  const found = await scan(deps.folder, deps.store, trusted(base), {
    distrustStat: options.checksum === true,
    extraRules,
    ...(only !== undefined && { under: only }),
    ...(options.signal && { signal: options.signal }),
  });
  for (const { path, message } of found.notices) notice(session, 'special-file', message, path);
  for (const trouble of found.problems) problem(session, trouble);
  const { target, emit } = deps;
  emit({ kind: 'scanned', target: target.name, side: 'local', entries: found.counts.localFiles });
  emit({ kind: 'scanned', target: target.name, side: 'remote', entries: found.counts.remoteFiles });
  return found;
}
