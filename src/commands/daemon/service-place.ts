import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configDir } from '../../config/config-dir.ts';
import { S4Error } from '../../lib/errors.ts';
import type { Context } from '../context.ts';
import type { Machine } from './install.ts';

/** Where this system wants services of a user, and how they are started. */
export interface ServicePlace {
  readonly kind: 'systemd' | 'launchd';
  /** Of the unit or agent. */
  readonly name: string;
  readonly path: string;
  /** For people, once it runs. */
  readonly advice: string;
  isInstalled(): boolean;
  runs(machine: Machine): boolean;
  start(machine: Machine): readonly (readonly string[])[];
  stop(machine: Machine): readonly (readonly string[])[];
}

/** @throws S4Error USAGE on a system that s4 knows no services of */
export function servicePlace(context: Context, { platform }: Machine): ServicePlace {
  const suffix = suffixOf(context);
  if (platform === 'darwin') return launchd(context, `org.s4.daemon${suffix}`);
  if (platform === 'linux') return systemd(context, `s4${suffix}.service`);
  throw new S4Error('USAGE', `s4 knows no services on ${platform}.`, {
    hint: 'Start "s4 daemon" by what the system has for that.',
  });
}

/** Another configuration is another service. */
function suffixOf({ config, env, home, cwd }: Context): string {
  const dir = dirname(config.path);
  const { S4_CONFIG_DIR: _, ...rest } = env;
  if (dir === configDir({ env: rest, home, cwd })) return '';
  return `-${createHash('sha256').update(dir).digest('hex').slice(0, 8)}`;
}

function systemd({ env, home }: Context, name: string): ServicePlace {
  const xdg = env['XDG_CONFIG_HOME'];
  const config = xdg?.startsWith('/') ? xdg : join(home, '.config');
  const path = join(config, 'systemd', 'user', name);
  const systemctl = (...args: readonly string[]): readonly string[] => ['systemctl', '--user', ...args];
  return {
    kind: 'systemd',
    name,
    path,
    advice: 'To keep it running after you log out: loginctl enable-linger',
    isInstalled: () => existsSync(path),
    runs: (machine) => machine.run('systemctl', ['--user', 'is-active', '--quiet', name]).status === 0,
    start: () => [systemctl('daemon-reload'), systemctl('enable', name), systemctl('restart', name)],
    stop: () => [systemctl('disable', '--now', name)],
  };
}

function launchd({ home }: Context, name: string): ServicePlace {
  const path = join(home, 'Library', 'LaunchAgents', `${name}.plist`);
  const isLoaded = (machine: Machine): boolean =>
    machine.run('launchctl', ['print', `gui/${machine.uid}/${name}`]).status === 0;
  const bootout = ({ uid }: Machine): readonly string[] => ['launchctl', 'bootout', `gui/${uid}/${name}`];
  return {
    kind: 'launchd',
    name,
    path,
    advice: 'It starts again at every login.',
    isInstalled: () => existsSync(path),
    runs: isLoaded,
    start: (machine) => [
      // An agent that is loaded keeps its old file.
      ...(isLoaded(machine) ? [bootout(machine)] : []),
      ['launchctl', 'bootstrap', `gui/${machine.uid}`, path],
    ],
    stop: (machine) => (isLoaded(machine) ? [bootout(machine)] : []),
  };
}
