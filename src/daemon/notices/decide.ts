import { count, formatDuration, sentence } from '../../report/format.ts';
import type { DaemonEvent, Failure } from '../contract.ts';

/** What a person is told on the desktop. Plain text. */
export interface Notice {
  readonly title: string;
  readonly body: string;
}

/** What was said, and what may be worth saying. */
export interface NoticeState {
  readonly targets: ReadonlyMap<string, TargetNotices>;
  /** When notices were shown in the last hour. */
  readonly shownMs: readonly number[];
}

interface TargetNotices {
  /** Of the cycle under way. */
  readonly conflicts: readonly string[];
  readonly conflictsShownMs?: number;
  /** A halted plan is told of once, however often it is found again. */
  readonly haltedPlan?: string;
  readonly trouble?: { readonly sinceMs: number; readonly failure: Failure; readonly told: boolean };
}

export interface NoticeStep {
  readonly state: NoticeState;
  readonly notices: readonly Notice[];
}

export const NOTICES_START: NoticeState = { targets: new Map(), shownMs: [] };

/** A laptop that was closed, a train in a tunnel: not worth a word. */
const LONG_TROUBLE_MS = 10 * 60_000;
/** Conflicts of one target come in waves. */
const CONFLICTS_APART_MS = 10 * 60_000;
const MOST_AN_HOUR = 6;
const HOUR_MS = 3_600_000;
const PATHS_SHOWN = 3;
const NOTHING: TargetNotices = { conflicts: [] };

/**
 * What is worth interrupting a person for: a conflict, a halt, trouble that lasts, each once; never more than a few an
 * hour, and the last of those says so. Pure. Without an event it looks at the clock alone.
 */
export function noticeStep(state: NoticeState, event: DaemonEvent | undefined, nowMs: number): NoticeStep {
  const heard = event === undefined ? quiet(state) : hear(state, event, nowMs);
  const late = lateTrouble(heard.state, nowMs);
  return limited(late.state, [...heard.notices, ...late.notices], nowMs);
}

function hear(state: NoticeState, event: DaemonEvent, nowMs: number): NoticeStep {
  switch (event.kind) {
    case 'news':
      return hearNews(state, event, nowMs);
    case 'sync':
      return hearSync(state, event.event, nowMs);
    case 'status':
    case 'target':
      return quiet(state);
  }
}

function hearNews(
  state: NoticeState,
  { target, news }: Extract<DaemonEvent, { readonly kind: 'news' }>,
  nowMs: number,
): NoticeStep {
  const own = state.targets.get(target) ?? NOTHING;
  switch (news.kind) {
    case 'halt-began':
      if (own.haltedPlan === news.planId) return quiet(state);
      return {
        state: keep(state, target, { ...own, haltedPlan: news.planId }),
        notices: [
          {
            title: `${target} is halted`,
            body: 'A plan would destroy much, so nothing was done. To see it: s4 status',
          },
        ],
      };
    case 'trouble-began':
      return quiet(
        keep(state, target, {
          ...own,
          // Other trouble than before: it is as long as that since anything was synced.
          trouble: { sinceMs: nowMs, told: false, ...own.trouble, failure: news.failure },
        }),
      );
    case 'trouble-ended': {
      const { trouble, ...rest } = own;
      return {
        state: keep(state, target, rest),
        notices:
          trouble?.told === true
            ? [
                {
                  title: `${target} is synced again`,
                  body: `It was not for ${formatDuration(nowMs - trouble.sinceMs)}.`,
                },
              ]
            : [],
      };
    }
    default:
      return quiet(state);
  }
}

function hearSync(
  state: NoticeState,
  event: Extract<DaemonEvent, { readonly kind: 'sync' }>['event'],
  nowMs: number,
): NoticeStep {
  const own = state.targets.get(event.target) ?? NOTHING;
  if (event.kind === 'conflict' && (event.choice === 'both' || event.choice === 'skip'))
    return quiet(keep(state, event.target, { ...own, conflicts: [...own.conflicts, event.conflict.path] }));
  const isTime = nowMs - (own.conflictsShownMs ?? Number.NEGATIVE_INFINITY) >= CONFLICTS_APART_MS;
  if (event.kind !== 'cycle-finished' || own.conflicts.length === 0 || !isTime) return quiet(state);
  const shown = own.conflicts.slice(0, PATHS_SHOWN);
  const more = own.conflicts.length - shown.length;
  return {
    state: keep(state, event.target, { ...own, conflicts: [], conflictsShownMs: nowMs }),
    notices: [
      {
        title: `${count(own.conflicts.length, 'conflict')} in ${event.target}`,
        body: `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}. Both versions are kept.`,
      },
    ],
  };
}

function lateTrouble(state: NoticeState, nowMs: number): NoticeStep {
  let next = state;
  const notices: Notice[] = [];
  for (const [target, own] of state.targets) {
    const { trouble } = own;
    if (trouble === undefined || trouble.told || nowMs - trouble.sinceMs < LONG_TROUBLE_MS) continue;
    next = keep(next, target, { ...own, trouble: { ...trouble, told: true } });
    notices.push({
      title: `${target} has not been synced for ${formatDuration(nowMs - trouble.sinceMs)}`,
      body: sentence(trouble.failure.message),
    });
  }
  return { state: next, notices };
}

/** What is too much is left out: it is in the log, and `s4 daemon status` shows the state. */
function limited(state: NoticeState, notices: readonly Notice[], nowMs: number): NoticeStep {
  const recent = state.shownMs.filter((shownMs) => nowMs - shownMs < HOUR_MS);
  const shown = notices
    .slice(0, Math.max(0, MOST_AN_HOUR - recent.length))
    .map((notice, i) =>
      recent.length + i + 1 === MOST_AN_HOUR
        ? { ...notice, body: `${notice.body} More of the next hour is left out: s4 daemon status` }
        : notice,
    );
  return {
    state: { ...state, shownMs: [...recent, ...shown.map(() => nowMs)] },
    notices: shown,
  };
}

function keep(state: NoticeState, target: string, own: TargetNotices): NoticeState {
  return { ...state, targets: new Map(state.targets).set(target, own) };
}

function quiet(state: NoticeState): NoticeStep {
  return { state, notices: [] };
}
