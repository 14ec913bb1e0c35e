import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { createTempDir, type TempDir } from './temp-dir.ts';
import { startTmux, type Tmux } from './tmux.ts';
import { ensureBuilt, type Home } from './two-homes.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

/** The built s4, as a line of a shell begins. */
export const S4 = `'${process.execPath}' '${CLI}'`;

/** The built s4 and what it is to do, as a program is started. */
export const commandOf = (...args: readonly string[]): readonly [string, ...string[]] => [
  process.execPath,
  CLI,
  ...args,
];

/** A terminal with a shell in it. */
export interface Shell extends Tmux {
  /** A line, and Enter. */
  run(line: string): Promise<void>;
}

/** A new folder for each test, and the terminal in it. */
export interface TerminalRoom {
  readonly path: string;
  /** Of a program whose home the folder is. */
  readonly env: Readonly<Record<string, string>>;
  /** Opens the built s4 in a terminal; the folder is its home. */
  program(...args: readonly string[]): Promise<Tmux>;
  /** Opens a shell in a machine's folder. */
  shell(home: Home, size?: { readonly columns: number; readonly rows: number }): Promise<Shell>;
}

/** What each test in a terminal begins and ends with: to be called once, outside of the tests. */
export function terminalRoom(): TerminalRoom {
  let temp: TempDir;
  let path = '';
  let terminal: Tmux | undefined;
  beforeAll(ensureBuilt);
  beforeEach(async () => {
    temp = await createTempDir();
    path = realpathSync(temp.path);
  });
  afterEach(async () => {
    await terminal?.stop();
    terminal = undefined;
    await temp.remove();
  });
  const open = async (options: Parameters<typeof startTmux>[0]): Promise<Tmux> => {
    await terminal?.stop();
    terminal = undefined;
    terminal = await startTmux(options);
    return terminal;
  };
  return {
    get path() {
      return path;
    },
    get env() {
      return environment(path);
    },
    program: (...args) => open({ command: commandOf(...args), cwd: path, env: environment(path) }),
    shell: async (home, size = { columns: 80, rows: 30 }) => {
      const tmux = await open({
        command: ['bash', '--norc', '--noprofile'],
        env: {
          ...environment(dirname(home.folder)),
          S4_HOST: home.name,
          PS1: '$ ',
          // A shell that is hung up on writes its history, into a folder that is being removed.
          HISTFILE: '',
        },
        cwd: home.folder,
        ...size,
      });
      return {
        ...tmux,
        run: async (line) => {
          await tmux.type(line);
          await tmux.press('Enter');
        },
      };
    },
  };
}

function environment(home: string): Readonly<Record<string, string>> {
  const PATH = process.env['PATH'] ?? '';
  return { PATH, LANG: 'C.UTF-8', TERM: 'screen', HOME: home, S4_CONFIG_DIR: join(home, 'config') };
}

/** Runs s4 on a machine, and expects it to end well, without a word of complaint. */
export async function succeeds(home: Home, ...args: readonly string[]): Promise<void> {
  expect(await home.s4(args)).toMatchObject({ code: 0, stderr: '' });
}
