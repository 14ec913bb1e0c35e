/**
 * The terminal as screens use it: the process gives the real one, tests a fake. Both streams are that terminal; who has
 * none (a pipe, CI, `--json`) has no TerminalHost.
 */
export interface TerminalHost {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Not with NO_COLOR, `--no-colors`, or a terminal without. */
  readonly colours: boolean;
  readonly nowMs: () => number;
  /** Aborted when the user interrupts s4. */
  readonly signal: AbortSignal;
  /** What Ctrl-C does: raw mode gives it to us as a key, not to the process as a signal. */
  readonly interrupt: () => void;
  /** Absent where a process cannot be stopped and continued. */
  readonly jobs?: {
    /** Stops this process, as Ctrl-Z does; returns when it goes on. */
    stop(): void;
    /** Calls back when it went on. Returns what ends that. */
    onContinue(listener: () => void): () => void;
  };
  /** Told when a screen takes the terminal and when it gives it back: nobody else writes to it in between. */
  readonly onScreen?: (isUp: boolean) => void;
  /** Every frame is written whole, at once: for tests, which look at the last one. */
  readonly wholeFrames?: true;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * May screens be drawn here? Not where it was asked for plain lines (`S4_PLAIN`), not on
 * a dumb terminal, and not in CI.
 */
export function wantsScreens(env: Env): boolean {
  return (
    !wantsPlain(env) && env['TERM'] !== 'dumb' && !isSet(env['CI']) && !isSet(env['CONTINUOUS_INTEGRATION'])
  );
}

/** Plain lines were asked for, as people with a screen reader do. */
export function wantsPlain(env: Env): boolean {
  return isSet(env['S4_PLAIN']);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
