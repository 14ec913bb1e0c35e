import type { ConfigFile } from '../config/config-file.ts';
import type { TerminalHost } from '../ui/terminal.ts';
import type { Output } from './output.ts';
import type { Prompter } from './prompter.ts';
import type { Limits, Services } from './services.ts';

export interface GlobalFlags {
  readonly json: boolean;
  readonly debug: boolean;
  readonly limits: Limits;
}

/** What every command is given. Nothing else of the process is looked at. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  readonly flags: GlobalFlags;
  readonly out: Output;
  /** Present only where a person can be asked: a terminal on both ends, and no `--json`. */
  readonly prompter: Prompter | undefined;
  /** Present only where screens can be drawn; whoever draws one loads Ink then, and not before. */
  readonly terminal: TerminalHost | undefined;
  /** All of standard input, for secrets that a script gives. */
  readStdin(): Promise<string>;
  readonly config: ConfigFile;
  readonly services: Services;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Calls back at each SIGHUP, instead of ending. Returns what ends that. */
  onHangup(listener: () => void): () => void;
  /** From now on the output hides these. */
  hide(secrets: readonly string[]): void;
}
