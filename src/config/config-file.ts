import { join } from 'node:path';
import Conf from 'conf';
import { S4Error } from '../lib/errors.ts';
import { withConfigLock } from './config-lock.ts';
import { CONFIG_VERSION, type Config, configSchema, fromParsed } from './schema.ts';

export interface ConfigFile {
  readonly path: string;
  /** @throws S4Error CONFIG_INVALID */
  read(): Config;
  /**
   * Reads, changes and writes under a lock, so that two s4 processes never lose each other's targets. `change` must be
   * pure: it sees what is on disk by then.
   * @throws S4Error CONFIG_INVALID (nothing is written), LOCKED
   */
  update(change: (config: Config) => Config): Promise<Config>;
}

const EMPTY: Config = { version: CONFIG_VERSION, targets: [] };

export function openConfigFile(dir: string): ConfigFile {
  const path = join(dir, 'config.json');
  return {
    path,
    read: () => readConfig(dir, path).config,
    update: (change) =>
      withConfigLock(dir, () => {
        const { conf, config } = readConfig(dir, path);
        const next = change(config);
        writeConfig(conf, path, next);
        return next;
      }),
  };
}

type Stored = Record<string, unknown>;

function readConfig(dir: string, path: string): { readonly conf: Conf<Stored>; readonly config: Config } {
  try {
    const conf = new Conf<Stored>({
      cwd: dir,
      configName: 'config',
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
      clearInvalidConfig: false,
      deserialize: (text) => parseObject(text, path),
    });
    const raw = conf.store;
    return { conf, config: isEmpty(raw) ? EMPTY : validate(raw, path) };
  } catch (error) {
    if (error instanceof S4Error) throw error;
    throw new S4Error('CONFIG_INVALID', `${path} cannot be read: ${reason(error)}.`, {
      hint: 'Check the permissions of the file and of its folder, or choose another folder with --config.',
      cause: error,
    });
  }
}

/** `conf` would take an array or a bare string for an empty config, and write over it. */
function parseObject(text: string, path: string): Stored {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(path, 'it is not JSON', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw damaged(path, 'it does not hold a JSON object');
  if (Object.keys(value).length === 0) throw damaged(path, 'it holds no version');
  return value as Stored;
}

/** Only of a file that does not exist: an existing empty object was refused above. */
function isEmpty(raw: Stored): boolean {
  return Object.keys(raw).length === 0;
}

function validate(raw: Stored, path: string): Config {
  const version = raw['version'];
  if (typeof version === 'number' && version > CONFIG_VERSION) {
    throw new S4Error('CONFIG_INVALID', `${path} has version ${version}, written by a newer s4.`, {
      hint: 'Update s4, or choose another folder with --config.',
    });
  }
  const parsed = configSchema.safeParse({ ...raw });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.join('.')})`;
    throw damaged(path, `${issue?.message ?? 'it has an unknown form'}${where}`);
  }
  return fromParsed(parsed.data);
}

function writeConfig(conf: Conf<Stored>, path: string, next: Config): void {
  try {
    conf.store = { version: next.version, targets: next.targets };
  } catch (error) {
    throw new S4Error('CONFIG_INVALID', `${path} cannot be written: ${reason(error)}.`, {
      hint: 'Check the permissions of the folder and the free space on its disk.',
      cause: error,
    });
  }
}

function damaged(path: string, why: string, cause?: unknown): S4Error {
  return new S4Error('CONFIG_INVALID', `${path} is damaged: ${why}.`, {
    hint: `Repair it by hand, or move it away and add the targets again (their folders keep their state).`,
    ...(cause === undefined ? {} : { cause }),
  });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
