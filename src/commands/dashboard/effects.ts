import type { TargetSettings } from '../../config/schema.ts';
import type { DaemonClient } from '../../daemon/socket/client.ts';
import { assertNever } from '../../lib/assert-never.ts';
import type { ErrorReport } from '../../report/error-report.ts';
import { errorReport } from '../../report/error-report.ts';
import { sentence } from '../../report/format.ts';
import type { DashboardAction, Effect } from '../../ui/dashboard/actions.ts';
import type { DashboardState } from '../../ui/dashboard/state.ts';
import type { Context } from '../context.ts';
import { runTargets } from '../run-targets.ts';
import { readDiff, readVersions, restoreVersion } from './history-effects.ts';
import { readFiles } from './read-files.ts';
import { silentOutput } from './silent-output.ts';

export interface EffectDeps {
  /** Its signal aborts when the dashboard closes. */
  readonly context: Context;
  readonly targets: readonly TargetSettings[];
  readonly client: () => DaemonClient | undefined;
  readonly dispatch: (action: DashboardAction) => void;
  readonly quit: () => void;
}

export interface EffectRunner {
  run(effect: Effect, state: DashboardState): void;
  /** A cycle that was begun here is under way: its events come from there, not from the daemon's news. */
  isBusy(targetId: string): boolean;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
}

/** Does what the dashboard asks for. Cycles of one target run one after the other. */
export function createEffects(deps: EffectDeps): EffectRunner {
  const underWay = new Set<Promise<void>>();
  const queues = new Map<string, Promise<void>>();
  const busy = new Set<string>();
  const reading = new Map<string, 'once' | 'again'>();
  const { context, dispatch } = deps;
  const tell = (error: unknown): void => {
    if (context.signal.aborted) return;
    const { message, hint } = errorReport(error, { debug: false });
    const text = hint === undefined ? sentence(message) : `${sentence(message)} ${sentence(hint)}`;
    dispatch({ kind: 'notice', notice: { tone: 'error', text } });
  };
  const track = (work: Promise<void>): void => {
    const done = work.catch(tell).finally(() => underWay.delete(done));
    underWay.add(done);
  };
  const inTurn = (targetId: string, work: () => Promise<void>): void => {
    const next = (queues.get(targetId) ?? Promise.resolve()).then(work, work);
    queues.set(targetId, next);
    track(next);
  };
  const inCycle = async (target: TargetSettings, what: 'looking' | 'syncing'): Promise<void> => {
    busy.add(target.name);
    await cycle(deps, target, what).finally(() => busy.delete(target.name));
  };
  // A daemon may sync many times a second: while one reading is under way, one more is enough.
  const read = async (target: TargetSettings): Promise<void> => {
    if (reading.has(target.name)) {
      reading.set(target.name, 'again');
      return;
    }
    reading.set(target.name, 'once');
    await readFiles(context, target, (files) =>
      dispatch({ kind: 'files', targetId: target.name, ...files }),
    ).finally(() => {
      const again = reading.get(target.name) === 'again';
      reading.delete(target.name);
      if (again && !context.signal.aborted) track(read(target));
    });
  };
  return {
    isBusy: (targetId) => busy.has(targetId),
    settled: async () => {
      while (underWay.size > 0) await Promise.all([...underWay]);
    },
    run: (effect, state) => {
      if (effect.kind === 'quit') return deps.quit();
      const target = deps.targets.find(({ name }) => name === effect.targetId);
      if (target === undefined) return;
      switch (effect.kind) {
        case 'look':
          return inTurn(target.name, () => inCycle(target, 'looking'));
        case 'sync':
          return inTurn(target.name, () => inCycle(target, 'syncing'));
        case 'pause': {
          const client = deps.client();
          if (client !== undefined)
            track(effect.paused ? client.pause([target.id]) : client.resume([target.id]));
          return;
        }
        case 'read-files':
          return track(read(target));
        case 'read-versions':
          return track(
            readVersions(context, target, effect).then((versions) =>
              dispatch({ kind: 'versions-read', path: effect.path, versions }),
            ),
          );
        case 'read-diff': {
          const title = state.browser?.panel?.diff?.title ?? '';
          return track(
            readDiff(context, target, effect, title).then((diff) => dispatch({ kind: 'diff-read', diff })),
          );
        }
        case 'restore':
          return inTurn(target.name, async () => {
            const notice = await restoreVersion(context, target, effect);
            dispatch({ kind: 'notice', notice });
            await inCycle(target, 'looking');
          });
        default:
          return assertNever(effect);
      }
    },
  };
}

async function cycle(
  { context, dispatch }: EffectDeps,
  target: TargetSettings,
  what: 'looking' | 'syncing',
): Promise<void> {
  if (context.signal.aborted) return;
  const targetId = target.name;
  const { runtime } = context.services;
  let failure: ErrorReport | undefined;
  const out = silentOutput(context.out, (report) => {
    failure = report;
  });
  dispatch({ kind: 'started', targetId, what });
  await runTargets({ ...context, out, prompter: undefined, terminal: undefined }, [{ target, paths: [] }], {
    options: { mode: what === 'looking' ? 'preview' : 'sync' },
    emit: () => (event) => dispatch({ kind: 'event', targetId, event, atMs: runtime.nowMs() }),
  });
  if (context.signal.aborted) return;
  const trouble = failure && {
    message: sentence(failure.message),
    ...(failure.hint !== undefined && { hint: sentence(failure.hint) }),
  };
  dispatch({ kind: 'ended', targetId, what, atMs: runtime.nowMs(), ...(trouble && { trouble }) });
}
