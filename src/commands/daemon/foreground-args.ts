import { dirname } from 'node:path';
import type { Context } from '../context.ts';

/** The flags of `s4 daemon` that `start` and `install` hand on. */
export interface ForegroundFlags {
  /** commander's form of `--no-notifications`. */
  readonly notifications?: boolean;
  /** Between two looks at the store, in milliseconds. */
  readonly pollMin?: number;
  readonly pollMax?: number;
  readonly notify?: string;
}

/** What `s4` is to be started with for the same daemon in the foreground. */
export function foregroundArgs(
  context: Pick<Context, 'config' | 'flags'>,
  names: readonly string[],
  flags: ForegroundFlags,
): readonly string[] {
  const { upBytesPerSecond: up, downBytesPerSecond: down } = context.flags.limits;
  return [
    'daemon',
    '--background',
    // Said although it may be the default: the environment of a service is another.
    '--config',
    dirname(context.config.path),
    ...(context.flags.debug ? ['--debug'] : []),
    ...(up === undefined ? [] : ['--limit-up', String(up)]),
    ...(down === undefined ? [] : ['--limit-down', String(down)]),
    ...(flags.notifications === false ? ['--no-notifications'] : []),
    ...(flags.pollMin === undefined ? [] : ['--poll-min', String(flags.pollMin / 1000)]),
    ...(flags.pollMax === undefined ? [] : ['--poll-max', String(flags.pollMax / 1000)]),
    ...(flags.notify === undefined ? [] : ['--notify', flags.notify]),
    ...(names.length === 0 ? [] : ['--', ...names]),
  ];
}
