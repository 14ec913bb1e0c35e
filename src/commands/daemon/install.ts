import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { findTarget } from '../../config/selection.ts';
import { launchdPlist } from '../../daemon/service/launchd-plist.ts';
import { type ServiceSpec, serviceEnvironment } from '../../daemon/service/service.ts';
import { systemdUnit } from '../../daemon/service/systemd-unit.ts';
import { S4Error } from '../../lib/errors.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadTargets } from '../select.ts';
import { openDaemon, placesOf } from './daemon-of.ts';
import { type ForegroundFlags, foregroundArgs } from './foreground-args.ts';
import { type ServicePlace, servicePlace } from './service-place.ts';

export interface InstallFlags extends ForegroundFlags {
  readonly print?: boolean;
}

/** What a program said. `status` undefined: it is not there. */
export interface Ran {
  readonly status: number | undefined;
  readonly text: string;
}

/** The machine, as far as a service is installed on it. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  /** Node and the script that this s4 is. */
  readonly program: readonly string[];
  run(program: string, args: readonly string[]): Ran;
}

/** `s4 daemon install`: writes the service file and starts the service. @throws S4Error LOCKED, USAGE */
export async function daemonInstall(
  context: Context,
  names: readonly string[],
  flags: InstallFlags,
  machine: Machine = thisMachine(),
): Promise<ExitCode> {
  const { out } = context;
  const place = servicePlace(context, machine);
  for (const name of names) findTarget(name, loadTargets(context));
  const { kept, left } = serviceEnvironment(context.env);
  const text = serviceFile(place, machine, {
    command: [...machine.program, ...foregroundArgs(context, names, flags)],
    environment: kept,
    output: placesOf(context).output,
  });
  if (flags.print === true) {
    for (const line of text.trimEnd().split('\n')) out.result(line);
    out.record({ kind: 'service', path: place.path, text });
    return EXIT.done;
  }
  await refuseBesideAnother(context, place, machine);
  mkdirSync(dirname(place.path), { recursive: true });
  writeFileSync(place.path, text, { mode: 0o644 });
  out.say(`Wrote ${place.path}`);
  if (left.length > 0)
    out.say(
      `Not in it, for they are secrets: ${left.join(', ')}. Give them to AWS's files, or to "s4 edit".`,
      {
        tone: 'warn',
        level: 'warning',
      },
    );
  return carryOut(context, place, place.start(machine), machine, 'service-installed');
}

/** `s4 daemon uninstall`: stops the service and removes its file. */
export async function daemonUninstall(context: Context, machine: Machine = thisMachine()): Promise<ExitCode> {
  const place = servicePlace(context, machine);
  if (!place.isInstalled()) {
    context.out.say('The service is not installed.');
    context.out.record({ kind: 'service-removed', path: place.path, wasInstalled: false });
    return EXIT.done;
  }
  const code = carryOut(context, place, place.stop(machine), machine, 'service-removed');
  rmSync(place.path, { force: true });
  context.out.say(`Removed ${place.path}`);
  if (place.kind === 'systemd') machine.run('systemctl', ['--user', 'daemon-reload']);
  return code;
}

function serviceFile(place: ServicePlace, machine: Machine, spec: ServiceSpec): string {
  if (place.kind === 'launchd') return launchdPlist(place.name, spec);
  // Without it no word would reach systemd, and it would wait for the first one in vain.
  const notify = machine.run('systemd-notify', ['--version']).status === 0;
  return systemdUnit(spec, { notify });
}

/** A daemon that was started by hand holds the lock: the service would fail. */
async function refuseBesideAnother(context: Context, place: ServicePlace, machine: Machine): Promise<void> {
  const client = await openDaemon(context);
  client?.close();
  if (client === undefined || place.runs(machine)) return;
  throw new S4Error('LOCKED', `A daemon runs already: process ${client.hello.pid}.`, {
    hint: 'Stop it first: s4 daemon stop',
    data: { pid: client.hello.pid },
  });
}

/** Each command in turn, until one fails: the file is there by then, and the user told what is left to do. */
function carryOut(
  { out }: Context,
  place: ServicePlace,
  commands: readonly (readonly string[])[],
  machine: Machine,
  kind: 'service-installed' | 'service-removed',
): ExitCode {
  for (const [i, [program = '', ...args]] of commands.entries()) {
    const ran = machine.run(program, args);
    if (ran.status === 0) continue;
    const why = ran.status === undefined ? `there is no ${program} here` : ran.text.trim();
    out.say(`It could not be carried out: ${why}. By hand:`, { tone: 'warn', level: 'warning' });
    for (const rest of commands.slice(i)) out.result(`  ${rest.join(' ')}`);
    out.record({ kind, path: place.path, done: false, why });
    return EXIT.problems;
  }
  out.say(kind === 'service-installed' ? `The service ${place.name} runs. ${place.advice}` : 'Stopped.', {
    tone: 'good',
  });
  out.record({ kind, path: place.path, done: true });
  return EXIT.done;
}

function thisMachine(): Machine {
  const script = process.argv[1];
  return {
    platform: process.platform,
    uid: process.getuid?.() ?? 0,
    program: [process.execPath, ...(script === undefined ? [] : [script])],
    run: (program, args) => {
      const ran = spawnSync(program, args, { encoding: 'utf8' });
      if (ran.error !== undefined) return { status: undefined, text: ran.error.message };
      return { status: ran.status ?? 1, text: `${ran.stdout}${ran.stderr}` };
    },
  };
}
