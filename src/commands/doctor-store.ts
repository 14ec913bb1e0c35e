import type { TargetSettings } from '../config/schema.ts';
import { parseStoreUrl } from '../config/url.ts';
import type { StoreCapabilities } from '../engine/ports/store.ts';
import type { Examined } from '../stores/examine.ts';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { capabilityLines } from './promises.ts';
import { accessOf } from './services.ts';

/** One line of `s4 doctor`. */
export interface Check {
  readonly name: string;
  readonly outcome: 'ok' | 'warning' | 'failed' | 'fixed';
  readonly message: string;
  readonly hint?: string;
  readonly exit?: ExitCode;
}

// S3 refuses requests from 15 minutes on; a clock that is a minute off will get there.
const CLOCK_WARNING_MS = 60_000;

/** What the store promises, by what was proved when the target was added, and by what the bucket says of itself now. */
export async function* checkPromises(context: Context, target: TargetSettings): AsyncGenerator<Check> {
  const place = parseStoreUrl(target.url);
  const examined = await context.services.examineStore(accessOf(target, place), context.signal);
  if (examined !== undefined) yield checkClock(examined);
  yield checkConditions(target.capabilities);
  yield checkVersioning(target, examined);
  for (const { text } of capabilityLines(target))
    yield { name: 'safety', outcome: 'warning', message: text.replace(/^Note: /, '') };
  if (examined !== undefined) yield* checkLifecycle(examined, place.kind === 's3' ? place.prefix : '');
}

export function checkClock({ clockAheadMs }: Examined): Check {
  if (clockAheadMs === undefined)
    return { name: 'clock', outcome: 'warning', message: 'the service does not tell its time' };
  const seconds = Math.round(Math.abs(clockAheadMs) / 1000);
  const side = clockAheadMs > 0 ? 'ahead of' : 'behind';
  if (Math.abs(clockAheadMs) < CLOCK_WARNING_MS) {
    const message = seconds < 2 ? "agrees with the service's" : `${seconds} s ${side} the service's`;
    return { name: 'clock', outcome: 'ok', message };
  }
  return {
    name: 'clock',
    outcome: 'warning',
    message: `this machine's clock is ${seconds} s ${side} the service's`,
    hint: 'From 15 minutes on every request is refused: set the clock, or switch on NTP.',
  };
}

const PROVED: readonly (readonly [keyof StoreCapabilities, string])[] = [
  ['putIfAbsent', 'create'],
  ['putIfMatch', 'replace'],
  ['multipartIfAbsent', 'create in parts'],
  ['multipartIfMatch', 'replace in parts'],
  ['copyIfAbsent', 'copy'],
  ['copyIfMatch', 'copy over'],
  ['deleteIfMatch', 'delete'],
];

function checkConditions(capabilities: StoreCapabilities): Check {
  const honoured = PROVED.filter(([name]) => capabilities[name] === true).map(([, words]) => words);
  const others = PROVED.filter(([name]) => capabilities[name] !== true).map(([, words]) => words);
  if (honoured.length === 0) return { name: 'conditions', outcome: 'warning', message: 'none is honoured' };
  const rest = others.length === 0 ? '' : `; not for ${others.join(', ')}: s4 looks before and after instead`;
  return { name: 'conditions', outcome: 'ok', message: `honoured for ${honoured.join(', ')}${rest}` };
}

function checkVersioning(target: TargetSettings, examined: Examined | undefined): Check {
  const recorded = target.capabilities.versioning;
  const now = examined?.versioning ?? recorded;
  if (now !== recorded) {
    return {
      name: 'versioning',
      outcome: 'warning',
      message: `${now} now, ${recorded} when the target was added: conditions may behave otherwise`,
      hint: 'Have it probed again with "s4 doctor --fix".',
    };
  }
  return { name: 'versioning', outcome: now === 'enabled' ? 'ok' : 'warning', message: now };
}

function* checkLifecycle({ lifecycle, versioning }: Examined, prefix: string): Generator<Check> {
  if (lifecycle.kind === 'unknown') {
    yield { name: 'lifecycle', outcome: 'warning', message: 'the rules of the bucket cannot be read' };
    return;
  }
  const rules = lifecycle.rules.filter((rule) => `${prefix}/`.startsWith(rule.prefix));
  const advice: string[] = [];
  if (versioning === 'enabled' && !rules.some((rule) => rule.noncurrentDays !== undefined))
    advice.push('NoncurrentVersionExpiration (old versions are billed for ever)');
  if (versioning === 'enabled' && !rules.some((rule) => rule.expiresMarkers))
    advice.push('ExpiredObjectDeleteMarker (markers of deleted files stay)');
  if (!rules.some((rule) => rule.abortUploadsDays !== undefined))
    advice.push('AbortIncompleteMultipartUpload (parts of broken uploads are billed, and invisible)');
  if (advice.length === 0) {
    yield { name: 'lifecycle', outcome: 'ok', message: 'old versions and broken uploads expire' };
    return;
  }
  yield {
    name: 'lifecycle',
    outcome: 'warning',
    message: `no rule for ${advice.join('; ')}`,
    hint: 'Add it to the bucket, for example: old versions after 90 days, broken uploads after 7.',
  };
}
