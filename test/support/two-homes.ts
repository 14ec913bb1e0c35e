import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

export interface Ran {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine as far as the built s4 can tell: a home, a config and a name of its own. */
export interface Home {
  readonly name: string;
  /** The folder that is synced: `docs` in the home. */
  readonly folder: string;
  /** Runs to the end; in the folder, or below it. */
  s4(args: readonly string[], options?: { readonly cwd?: string }): Promise<Ran>;
  /** Starts, and leaves the process to the test. */
  start(args: readonly string[]): Started;
  write(path: string, content: string | Uint8Array): void;
  read(path: string): string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** Resolves once standard output holds the text. */
  said(text: string): Promise<void>;
}

/** Builds dist where there is none. */
export function ensureBuilt(): void {
  const build = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [build, '--if-missing'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed: ${stderr}`);
}

export function createHome(name: string, root: string): Home {
  const home = join(root, name);
  const folder = join(home, 'docs');
  mkdirSync(home, { recursive: true });
  const start = (args: readonly string[], cwd?: string): Started => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: cwd ?? (existsSync(folder) ? folder : home),
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        S4_CONFIG_DIR: join(home, 'config'),
        S4_HOST: name,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A test that fails half-way leaves none behind.
      timeout: 50_000,
      killSignal: 'SIGKILL',
    });
    return watched(child);
  };
  return {
    name,
    folder,
    s4: (args, options = {}) => start(args, options.cwd).ended,
    start: (args) => start(args),
    write: (path, content) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    },
    read: (path) => readFileSync(join(folder, path), 'utf8'),
  };
}

function watched(child: ChildProcess): Started {
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of waiting) look();
  };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    wake();
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? signal, stdout, stderr }));
  });
  const said = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!stdout.includes(text)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      child.once('close', () => reject(new Error(`it ended without saying "${text}":\n${stdout}${stderr}`)));
      look();
    });
  return { child, ended, said };
}

/**
 * What is in a folder (or in a `file://` store) without s4's own `.s4`: kind and SHA-256 by path. Shares no code with
 * the program. In a store a symlink is a file that holds its text: `asStored` shows a folder so.
 */
export function lookAt(
  root: string,
  options: { readonly asStored?: boolean } = {},
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const visit = (path: string): void => {
    const at = join(root, path);
    const stats = lstatSync(at);
    if (stats.isSymbolicLink()) {
      found[path] = `${options.asStored === true ? 'file' : 'link'} ${sha256(readlinkSync(at))}`;
    } else if (stats.isDirectory()) {
      const names = readdirSync(at).filter((name) => path !== '' || name !== '.s4');
      if (names.length === 0 && path !== '') found[path] = 'empty folder';
      for (const name of names.sort()) visit(join(path, name));
    } else {
      found[path] = `${(stats.mode & 0o100) === 0 ? 'file' : 'program'} ${sha256(readFileSync(at))}`;
    }
  };
  visit('');
  return found;
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
