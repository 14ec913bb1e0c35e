import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real terminal of its own, with a program in it. */
export interface Tmux {
  /** Keys by tmux's names: `Enter`, `Escape`, `Down`, `C-c`. */
  press(...keys: readonly string[]): Promise<void>;
  /** Text as it is. */
  type(text: string): Promise<void>;
  /** Resolves with the first screen that has this text; rejects with the last one after a while. */
  shows(text: string): Promise<string>;
  /** The same, for what is more than a text. */
  until(isWanted: (screen: string) => boolean): Promise<string>;
  resize(columns: number, rows: number): Promise<void>;
  /** All that is and was in sight. */
  history(): Promise<string>;
  /** The alternate screen was left, and the cursor is seen. */
  isRestored(): Promise<boolean>;
  stop(): Promise<void>;
}

export interface TmuxOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

const DEADLINE_MS = 45_000;
const LOOK_AGAIN_MS = 50;

/** Starts a command in a tmux server that no other one shares. tmux must be on PATH: without it the lane fails. */
export async function startTmux(options: TmuxOptions): Promise<Tmux> {
  const { command, cwd, env, columns = 80, rows = 30 } = options;
  const socket = `s4-${randomUUID()}`;
  const tmux = async (...args: readonly string[]): Promise<string> =>
    (await run('tmux', ['-L', socket, '-f', '/dev/null', ...args])).stdout;
  const words = Object.entries(env).flatMap(([name, value]) => [`${name}=${value}`]);
  // The shell stays when the command is over, so that its last lines can be read.
  const script = `${['env', '-i', ...words, ...command].map(quoted).join(' ')}; echo "ended with $?"; cat`;
  const size = ['-x', String(columns), '-y', String(rows)];
  await tmux('new-session', '-d', ...size, '-c', cwd, 'sh', '-c', script);
  const screen = (): Promise<string> => tmux('capture-pane', '-p');
  const until = async (isWanted: (shown: string) => boolean, what: string): Promise<string> => {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const shown = await screen();
      if (isWanted(shown)) return shown;
      if (Date.now() > deadline) throw new Error(`${what} never came; the screen is\n${shown}`);
      await sleep(LOOK_AGAIN_MS);
    }
  };
  return {
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    type: async (text) => void (await tmux('send-keys', '-l', text)),
    shows: (text) => until((shown) => shown.includes(text), `"${text}"`),
    until: (isWanted) => until(isWanted, 'what was waited for'),
    resize: async (to, high) => void (await tmux('resize-window', '-x', String(to), '-y', String(high))),
    history: () => tmux('capture-pane', '-p', '-S', '-'),
    isRestored: async () => (await tmux('display', '-p', '#{alternate_on} #{cursor_flag}')).trim() === '0 1',
    stop: async () => void (await tmux('kill-server')),
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
