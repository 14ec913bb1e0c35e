import { VERSION } from '../lib/version.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** `s4 version`. */
export function version({ out }: Context): ExitCode {
  out.result(VERSION);
  out.record({ kind: 'version', version: VERSION, node: process.versions.node });
  return EXIT.done;
}
