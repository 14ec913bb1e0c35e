import * as z from 'zod';
import type { ConflictChoice, NoticeCode, SyncEvent } from '../../engine/events.ts';
import type { GuardCode } from '../../sync/guards.ts';
import type { ProblemCode } from '../../sync/problem.ts';
import type {
  DaemonEvent,
  DaemonStatus,
  RequestedSyncResult,
  TargetNews,
  TargetStatus,
} from '../contract.ts';

// What a daemon says, as its clients check it. Loose: members that a newer daemon added stay, for `--json`.

/** Words that only people and scripts look at: a newer daemon may have more of them. */
const word = <T extends string>() => z.custom<T>((value) => typeof value === 'string');
const count = z.number();
const target = z.string();

const operation = z.looseObject({
  kind: z.enum([
    'create',
    'update',
    'delete',
    'rename',
    'mode',
    'keep-both',
    'merge',
    'create-folder',
    'delete-folder',
  ]),
  direction: z.enum(['up', 'down']),
  path: z.string(),
  other: z.string().exactOptional(),
  sizeBytes: count.exactOptional(),
});

const side = z.looseObject({
  state: z.enum(['created', 'updated', 'deleted']),
  sizeBytes: count.exactOptional(),
  modifiedMs: count.exactOptional(),
  host: z.string().exactOptional(),
});

const conflict = z.looseObject({ path: z.string(), local: side, remote: side });

const guards = z.array(z.looseObject({ code: word<GuardCode>(), message: z.string() }));

const problem = z.looseObject({
  path: z.string(),
  side: z.enum(['local', 'remote']),
  code: word<ProblemCode>(),
  message: z.string(),
  hint: z.string().exactOptional(),
});

const requests = z.record(z.string(), count);

const summary = z.looseObject({
  uploaded: count,
  downloaded: count,
  deletedLocal: count,
  deletedRemote: count,
  renamed: count,
  conflicts: count,
  keptBoth: count,
  problems: count,
  bytesUp: count,
  bytesDown: count,
  requests,
  elapsedMs: count,
});

const CHOICES = ['local', 'remote', 'both', 'newer', 'merge', 'skip'] as const satisfies ConflictChoice[];

export const syncEventSchema: z.ZodType<SyncEvent> = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('cycle-started'),
    target,
    local: z.string(),
    remote: z.string(),
    dryRun: z.boolean(),
  }),
  z.looseObject({
    kind: z.literal('notice'),
    target,
    code: word<NoticeCode>(),
    message: z.string(),
    path: z.string().exactOptional(),
  }),
  z.looseObject({
    kind: z.literal('scanned'),
    target,
    side: z.enum(['local', 'remote']),
    entries: count,
  }),
  z.looseObject({
    kind: z.literal('planned'),
    target,
    planId: z.string(),
    operations: z.array(operation),
    conflicts: z.array(conflict),
    bytesUp: count,
    bytesDown: count,
  }),
  z.looseObject({ kind: z.literal('operation-started'), target, id: count, operation }),
  z.looseObject({ kind: z.literal('operation-progress'), target, id: count, bytes: count }),
  z.looseObject({
    kind: z.literal('operation-finished'),
    target,
    id: count,
    operation,
    outcome: z.enum(['done', 'failed', 'postponed']),
  }),
  z.looseObject({ kind: z.literal('conflict'), target, conflict, choice: z.enum(CHOICES) }),
  z.looseObject({ kind: z.literal('problem'), target, problem }),
  z.looseObject({
    kind: z.literal('guard-halted'),
    target,
    planId: z.string(),
    guards,
    operations: z.array(operation),
  }),
  z.looseObject({ kind: z.literal('index-flushed'), target }),
  z.looseObject({ kind: z.literal('cycle-finished'), target, summary, dryRun: z.boolean() }),
]);

const trouble = z.looseObject({ code: z.string(), message: z.string(), hint: z.string().exactOptional() });

const targetStatusSchema: z.ZodType<TargetStatus> = z.looseObject({
  id: z.string(),
  name: z.string(),
  folder: z.string(),
  url: z.string(),
  phase: z.enum(['idle', 'dirty', 'syncing', 'backoff', 'paused', 'halted', 'offline']),
  sinceMs: count,
  lastSyncMs: count.exactOptional(),
  nextTryMs: count.exactOptional(),
  retryMs: count.exactOptional(),
  pending: count,
  conflicts: count,
  problems: count,
  planId: z.string().exactOptional(),
  error: trouble.exactOptional(),
  watching: z.enum(['events', 'walking']),
  requests,
  pollSeconds: count,
});

export const daemonStatusSchema: z.ZodType<DaemonStatus> = z.looseObject({
  pid: count,
  version: z.string(),
  startedMs: count,
  targets: z.array(targetStatusSchema),
});

const newsSchema: z.ZodType<TargetNews> = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('trouble-began'), offline: z.boolean(), failure: trouble }),
  z.looseObject({ kind: z.literal('trouble-ended'), offline: z.boolean() }),
  z.looseObject({ kind: z.literal('halt-began'), planId: z.string() }),
  z.looseObject({ kind: z.literal('halt-ended') }),
  z.looseObject({ kind: z.literal('unwatched'), message: z.string(), hint: z.string().exactOptional() }),
]);

export const daemonEventSchema: z.ZodType<DaemonEvent> = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('status'), status: daemonStatusSchema }),
  z.looseObject({ kind: z.literal('target'), target: targetStatusSchema }),
  z.looseObject({ kind: z.literal('news'), target, news: newsSchema }),
  z.looseObject({ kind: z.literal('sync'), event: syncEventSchema }),
]);

export const syncResultSchema: z.ZodType<RequestedSyncResult> = z.looseObject({
  target,
  exit: count,
  error: trouble.exactOptional(),
});
