import { type Logger, pino } from 'pino';
import { makeRedactor } from '../config/secret.ts';
import type { SyncEvent } from '../engine/events.ts';
import { assertNever } from '../lib/assert-never.ts';
import { isS4Error } from '../lib/errors.ts';
import { QUIET_START, quietStep } from '../report/quiet.ts';
import type { DaemonEvent, TargetNews } from './contract.ts';
import type { LogFile } from './log-file.ts';

/** The daemon's log: pino's JSON lines, without secrets. */
export interface DaemonLog {
  take(event: DaemonEvent): void;
  error(error: unknown): void;
  info(message: string, data?: Readonly<Record<string, unknown>>): void;
  /** From now on these are hidden. */
  hide(secrets: readonly string[]): void;
  /** A text without them: for all else that the daemon shows. */
  redact(text: string): string;
}

export function createDaemonLog(file: LogFile, options: { readonly debug: boolean }): DaemonLog {
  const secrets = new Set<string>();
  let redact = makeRedactor(secrets);
  let quiet = QUIET_START;
  const logger = pino(
    { level: options.debug ? 'debug' : 'info', base: null },
    { write: (line) => writeOrDrop(file, redact(line)) },
  );
  return {
    take(event) {
      switch (event.kind) {
        case 'sync': {
          const step = quietStep(quiet, event.event);
          quiet = step.state;
          for (const each of step.events) logSync(logger, each);
          break;
        }
        case 'news':
          logNews(logger, event.target, event.news);
          break;
        case 'target': {
          const { name, phase, pending, watching } = event.target;
          logger.debug({ target: name, phase, pending, watching }, 'phase');
          break;
        }
        case 'status':
          break;
        default:
          assertNever(event);
      }
    },
    error: (error) => logError(logger, error),
    info: (message, data = {}) => logger.info(data, message),
    hide(more) {
      for (const secret of more) secrets.add(secret);
      redact = makeRedactor(secrets);
    },
    redact: (text) => redact(text),
  };
}

/** Where it is from matters of a bug only. */
function logError(logger: Logger, error: unknown): void {
  if (!isS4Error(error)) {
    logger.error({ err: error }, 'error');
    return;
  }
  const { code, hint, message } = error;
  logger.error({ code, hint }, message);
  logger.debug({ err: error }, 'error');
}

/** A full disk takes the log away, not the daemon. */
function writeOrDrop(file: LogFile, line: string): void {
  try {
    file.write(line);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
  }
}

function logSync(logger: Logger, event: SyncEvent): void {
  const { target } = event;
  switch (event.kind) {
    case 'operation-finished': {
      const { kind, direction, path, other, sizeBytes } = event.operation;
      const data = { target, operation: kind, direction, path, other, sizeBytes };
      if (event.outcome === 'done') logger.info(data, 'done');
      else logger.warn(data, event.outcome);
      break;
    }
    case 'problem': {
      const { path, side, code, message } = event.problem;
      logger.warn({ target, path, side, code }, message);
      break;
    }
    case 'notice':
      logger.info({ target, code: event.code, path: event.path }, event.message);
      break;
    case 'conflict':
      logger.warn({ target, path: event.conflict.path, choice: event.choice }, 'conflict');
      break;
    case 'guard-halted': {
      const guards = event.guards.map(({ message }) => message);
      logger.error({ target, planId: event.planId, operations: event.operations.length, guards }, 'halted');
      break;
    }
    case 'cycle-finished':
      logger.info({ target, ...event.summary }, 'synced');
      break;
    case 'cycle-started':
    case 'scanned':
    case 'planned':
    case 'operation-started':
    case 'operation-progress':
    case 'index-flushed':
      break;
    default:
      assertNever(event);
  }
}

function logNews(logger: Logger, target: string, news: TargetNews): void {
  switch (news.kind) {
    case 'trouble-began': {
      const { code, message, hint } = news.failure;
      const data = { target, code, offline: news.offline, hint };
      if (news.offline) logger.warn(data, message);
      else logger.error(data, message);
      break;
    }
    case 'trouble-ended':
      logger.info({ target }, news.offline ? 'back again' : 'the trouble is over');
      break;
    case 'halt-began':
      // The halted plan is logged with its guards.
      break;
    case 'halt-ended':
      logger.info({ target }, 'halted no more');
      break;
    case 'unwatched':
      logger.warn({ target, hint: news.hint }, news.message);
      break;
    default:
      assertNever(news);
  }
}
