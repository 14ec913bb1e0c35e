import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { S4Error } from '../lib/errors.ts';
import { mergeTexts } from '../sync/merge.ts';

export interface ConflictTexts {
  readonly local: string;
  readonly remote: string;
  /** The common ancestor, where it is known. */
  readonly base: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What is run: `S4_MERGETOOL`, a shell command with `$LOCAL`, `$REMOTE`, `$BASE` and `$MERGED` as in Git's
 * `mergetool.<tool>.cmd`; else the editor, with `$MERGED` alone.
 */
export function editorOf(env: Env): { readonly name: string; readonly command: string } {
  const tool = env['S4_MERGETOOL'];
  if (tool !== undefined && tool !== '') return { name: tool.split(' ')[0] ?? tool, command: tool };
  const editor = [env['VISUAL'], env['EDITOR']].find((value) => (value ?? '') !== '') ?? 'vi';
  return { name: basename(editor.split(' ')[0] ?? editor), command: `${editor} "$MERGED"` };
}

/** Both texts as one: merged where that is clean, else with the marks of a conflict around each whole side. */
export function startOfEdit({ local, remote, base }: ConflictTexts): string {
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  const merged = base === undefined ? undefined : mergeTexts(bytes(base), bytes(local), bytes(remote));
  if (merged?.kind === 'clean') return Buffer.from(merged.text).toString('utf8');
  const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
  const ancestor = base === undefined ? '' : `||||||| before\n${ended(base)}`;
  return `<<<<<<< local\n${ended(local)}${ancestor}=======\n${ended(remote)}>>>>>>> remote\n`;
}

export function hasMarkers(text: string): boolean {
  return /^(?:<{7}|>{7})(?: |$)/m.test(text);
}

/**
 * Gives the terminal to an editor, on temporary files that only this user can read, and returns what it left.
 * @throws S4Error USAGE when it cannot be started or fails: nothing is taken over then
 */
export async function editInEditor(
  texts: ConflictTexts,
  start: string,
  options: { readonly env: Env; readonly path: string },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 's4-merge-'));
  const name = basename(options.path);
  try {
    const place = async (kind: string, text: string): Promise<string> => {
      const path = join(folder, kind === 'MERGED' ? name : `${kind}.${name}`);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    };
    const files = {
      LOCAL: await place('LOCAL', texts.local),
      REMOTE: await place('REMOTE', texts.remote),
      BASE: await place('BASE', texts.base ?? ''),
      MERGED: await place('MERGED', start),
    };
    const { name: editor, command } = editorOf(options.env);
    const child = spawn('sh', ['-c', command], { stdio: 'inherit', env: { ...options.env, ...files } });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) {
      throw new S4Error('USAGE', `The editor ${editor} ended with ${code ?? 'a signal'}.`, {
        hint: 'Set VISUAL, EDITOR or S4_MERGETOOL to a program that is there.',
      });
    }
    return await readFile(files.MERGED, 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
