import type { LogFact } from '../formats/head-codec.ts';
import type { EntryKey, RelPath } from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import type { CopyNames } from './copy-names.ts';
import type { CycleDeps, CycleOptions } from './cycle.ts';
import type { NoticeCode } from './events.ts';
import type { Evidence } from './evidence.ts';
import type { OperationContext } from './operations/context.ts';
import type { Base } from './ports/base.ts';
import type { MadeChoice } from './resolve-conflicts.ts';
import type { Tally } from './tally.ts';
import { announceWrites } from './unrecorded.ts';

/** What one cycle knows and gathers, across its passes. */
export interface Session {
  /** Replaced when the store turns out to keep versions by now. */
  deps: CycleDeps;
  readonly options: CycleOptions;
  readonly base: Base;
  readonly clientId: string;
  readonly tally: Tally;
  /** Choices made about conflicts: nothing is asked twice. */
  readonly resolutions: Map<EntryKey, MadeChoice>;
  /** What operations met at names without a row: the same again in a later pass is told. */
  readonly seenInTheWay: Map<RelPath, string>;
  /** Facts to publish: durable in the base already. */
  readonly facts: LogFact[];
  /** The host behind a client id, from the remote log, which is read when it is first asked for. */
  readonly hostOf: (clientId: string) => Promise<string | undefined>;
  /** Names given to conflict copies: a focused cycle looks at them too. */
  readonly named: Set<RelPath>;
  /** Looks at the store's marker, unless this cycle has done so. Awaited before the store is asked or written to. */
  readonly storeIsOurs: () => Promise<void>;
  /** Of the last look at everything: rows of the base that stand for folders. */
  markers?: number;
  /** The last look at everything found rules there that differ from those here: only such a look knows them. */
  rulesDiffer?: boolean;
  nextOperationId: number;
  /** A halted plan was approved: its approval is used up at the end. */
  approvalUsed: boolean;
}

export function notice(session: Session, code: NoticeCode, message: string, path?: string): void {
  const { emit, target } = session.deps;
  emit({ kind: 'notice', target: target.name, code, message, ...(path !== undefined && { path }) });
}

/** Tells a problem once for a path, however many passes meet it. */
export function problem(session: Session, found: Problem): void {
  const { emit, target } = session.deps;
  if (session.tally.problem(found)) emit({ kind: 'problem', target: target.name, problem: found });
}

/** The context of operations, with what was found out about their rows. */
export function contextOf(
  session: Session,
  evidence: ReadonlyMap<EntryKey, Evidence>,
  copyNames: CopyNames,
): OperationContext {
  const { deps, options, base, clientId, tally, facts } = session;
  return {
    folder: deps.folder,
    store: announceWrites(deps.store, base),
    base,
    runtime: deps.runtime,
    capabilities: deps.target.capabilities,
    clientId,
    evidence,
    copyNames,
    respelled: new Set(),
    seenInTheWay: session.seenInTheWay,
    hostOf: async (client) => (await session.hostOf(client)) ?? 'other',
    notice: (code, path, message) => notice(session, code, message, path),
    publish: (durable) => facts.push(...durable),
    onBytes: (direction, bytes) => tally.bytes(direction, bytes),
    ...(options.signal && { signal: options.signal }),
  };
}
