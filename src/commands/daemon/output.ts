import type { DaemonEvent, TargetNews } from '../../daemon/contract.ts';
import { assertNever } from '../../lib/assert-never.ts';
import { escapeForTerminal } from '../../report/escape.ts';
import { sentence } from '../../report/format.ts';
import type { Line, Tone } from '../../report/line.ts';
import { QUIET_START, quietStep } from '../../report/quiet.ts';
import type { Output } from '../output.ts';

/** What `s4 daemon` says in the foreground: what changes, and nothing while all is equal. */
export function daemonOutput(out: Output): (event: DaemonEvent) => void {
  let quiet = QUIET_START;
  return (event) => {
    switch (event.kind) {
      case 'sync': {
        const step = quietStep(quiet, event.event);
        quiet = step.state;
        for (const each of step.events) out.emit(each);
        break;
      }
      case 'news':
        out.record({ kind: 'daemon-news', target: event.target, news: event.news });
        out.lines(newsLines(event.target, event.news));
        break;
      case 'target': {
        const { target } = event;
        out.record({ ...target, kind: 'daemon-target' });
        // What a cycle that halted or failed left untold.
        if (target.phase !== 'syncing' && target.phase !== 'idle') out.endTarget(target.name);
        break;
      }
      case 'status':
        out.record({ ...event.status, kind: 'daemon', running: true, answers: true });
        break;
      default:
        assertNever(event);
    }
  };
}

function newsLines(target: string, news: TargetNews): readonly Line[] {
  const name = escapeForTerminal(target);
  switch (news.kind) {
    case 'trouble-began': {
      const { message, hint } = news.failure;
      const text = news.offline ? `offline: ${message}` : `trouble: ${message}`;
      return [...told(`${name}: ${text}`, hint), line('  It goes on by itself when this is over.', 'dim')];
    }
    case 'trouble-ended':
      return [line(`${name}: ${news.offline ? 'back again' : 'the trouble is over'}`, 'good')];
    // The halted plan itself was shown.
    case 'halt-began':
      return [];
    case 'halt-ended':
      return [line(`${name}: halted no more`, 'good')];
    case 'unwatched':
      return told(`${name}: ${news.message}`, news.hint);
    default:
      return assertNever(news);
  }
}

function told(text: string, hint: string | undefined): readonly Line[] {
  const first = line(escapeForTerminal(sentence(text)), 'warn');
  return hint === undefined ? [first] : [first, line(`  ${escapeForTerminal(sentence(hint))}`, 'plain')];
}

function line(text: string, tone: Tone): Line {
  return { text, tone, level: 'warning' };
}
