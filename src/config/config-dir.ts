import { join, resolve } from 'node:path';

export interface ConfigPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  /** `--config DIR`. */
  readonly flag?: string;
}

/** Where `config.json` lives: `--config`, else `S4_CONFIG_DIR`, else `$XDG_CONFIG_HOME/s4`, else `~/.config/s4`. */
export function configDir(place: ConfigPlace): string {
  if (place.flag !== undefined) return resolve(place.cwd, place.flag);
  const own = place.env['S4_CONFIG_DIR'];
  if (own !== undefined && own !== '') return resolve(place.cwd, own);
  const xdg = place.env['XDG_CONFIG_HOME'];
  // The XDG specification: a relative path in it is invalid and to be ignored.
  if (xdg?.startsWith('/')) return join(xdg, 's4');
  return join(place.home, '.config', 's4');
}

/** Python S4 knew only one place. */
export function legacyConfigFile(home: string): string {
  return join(home, '.config', 's4', 'sync.conf');
}
