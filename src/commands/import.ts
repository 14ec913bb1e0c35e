import { resolve } from 'node:path';
import { legacyConfigFile } from '../config/config-dir.ts';
import { type PythonTarget, readPythonConfig } from '../config/python-config.ts';
import { defaultTargetName, targetNameFault } from '../config/target-name.ts';
import { parseStoreUrl } from '../config/url.ts';
import { S4Error } from '../lib/errors.ts';
import { errorReport } from '../report/error-report.ts';
import { announce } from './add.ts';
import type { Context } from './context.ts';
import { reloadDaemon } from './daemon/reload.ts';
import { EXIT, type ExitCode, worstExit } from './exit-codes.ts';
import { previewFirstSync } from './first-sync.ts';
import { isYes } from './prompter.ts';
import { register } from './register.ts';
import { exitOfError } from './run-targets.ts';
import { loadTargets } from './select.ts';

/**
 * `s4 import`: takes over the targets of Python S4. Its config and index files are read, never changed; nothing is
 * transferred. One target that fails does not stop the others.
 */
export async function importTargets(
  context: Context,
  names: readonly string[],
  flags: { readonly yes?: boolean },
): Promise<ExitCode> {
  const python = readPythonConfig(legacyConfigFile(context.home));
  if (python === undefined) {
    context.out.say(`There is no configuration of Python S4 (${legacyConfigFile(context.home)}).`);
    return EXIT.done;
  }
  context.hide(python.targets.flatMap(({ credentials }) => credentials?.secretAccessKey ?? []));
  for (const name of python.unusable)
    context.out.say(`"${name}" lacks a folder or a URL and cannot be taken over.`, {
      tone: 'warn',
      level: 'warning',
    });
  const codes: ExitCode[] = [];
  for (const target of chosen(python.targets, names)) {
    if (isKnown(context, target)) {
      context.out.say(`"${target.name}" is registered already.`);
    } else if (await isWanted(context, target, flags.yes === true)) {
      codes.push(await importOne(context, target));
    }
    if (context.signal.aborted) return EXIT.interrupted;
  }
  if (codes.length > 0) await reloadDaemon(context);
  return worstExit(codes);
}

function chosen(targets: readonly PythonTarget[], names: readonly string[]): readonly PythonTarget[] {
  for (const name of names)
    if (!targets.some((target) => target.name === name))
      throw new S4Error('TARGET_UNKNOWN', `Python S4 has no usable target "${name}".`, {
        hint: `Choices are: ${targets.map((target) => target.name).join(', ')}.`,
      });
  return names.length === 0 ? targets : targets.filter(({ name }) => names.includes(name));
}

function isKnown(context: Context, python: PythonTarget): boolean {
  const folder = resolve(python.folder);
  return loadTargets(context).some((target) => target.folder === folder);
}

async function isWanted(context: Context, target: PythonTarget, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (context.prompter === undefined) {
    throw new S4Error(
      'PROMPT_NEEDED',
      'Whether to take a target over must be asked, and there is no terminal.',
      {
        hint: 'Give --yes to take over all, or the names with --yes.',
        data: { flag: '--yes' },
      },
    );
  }
  const question = `Take over ${target.name} [${target.folder} <=> ${target.url}]? [y/N]: `;
  return isYes(await context.prompter.ask(question));
}

async function importOne(context: Context, python: PythonTarget): Promise<ExitCode> {
  try {
    const isName = targetNameFault(python.name) === undefined;
    const registered = await register(context, {
      folder: resolve(python.folder),
      place: parseStoreUrl(python.url),
      name: isName ? python.name : defaultTargetName(python.folder),
      nameIsFixed: false,
      s3: {
        ...(python.endpoint === undefined ? {} : { endpoint: python.endpoint }),
        ...(python.region === undefined ? {} : { region: python.region }),
      },
      ...(python.credentials === undefined ? {} : { credentials: python.credentials }),
      createFolder: false,
      createBucket: false,
      enableVersioning: false,
    });
    announce(context, registered);
    return await previewFirstSync(context, { target: registered.target, paths: [] });
  } catch (error) {
    if (context.signal.aborted) return EXIT.interrupted;
    context.out.error(errorReport(error, { debug: context.flags.debug, target: python.name }));
    return exitOfError(error);
  }
}
