import { accessSync, chmodSync, constants, statSync } from 'node:fs';
import type { TargetSettings } from '../config/schema.ts';
import { findTarget } from '../config/selection.ts';
import type { ObjectKey, Store } from '../engine/ports/store.ts';
import { folderTarget, storeTarget } from '../formats/marker-codec.ts';
import { isS4Error, S4Error } from '../lib/errors.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { count } from '../report/format.ts';
import type { Tone } from '../report/line.ts';
import type { Context } from './context.ts';
import { checkNotify } from './doctor-notify.ts';
import { checkPrice } from './doctor-price.ts';
import { type Check, checkPromises } from './doctor-store.ts';
import { EXIT, type ExitCode, worstExit } from './exit-codes.ts';
import { fitOf, lineFit, wrapped } from './fit.ts';
import { withStore } from './open-target.ts';
import { exitOfError } from './run-targets.ts';
import { loadTargets } from './select.ts';

/**
 * `s4 doctor`: looks at everything a sync needs and says what is wrong. Writes nothing, but with `fix`: the permissions
 * of the config, and the capabilities of stores, probed again.
 */
export async function doctor(
  context: Context,
  name: string | undefined,
  flags: { readonly fix?: boolean; readonly notify?: string },
): Promise<ExitCode> {
  const targets = loadTargets(context);
  const chosen = name === undefined ? targets : [findTarget(name, targets)];
  if (flags.notify !== undefined && chosen.length !== 1) {
    throw new S4Error('USAGE', '--notify is for one target', { hint: 's4 doctor TARGET --notify sqs:URL' });
  }
  const codes: ExitCode[] = [];
  const tell = (check: Check, target?: string): void => {
    present(context, check, target);
    if (check.exit !== undefined) codes.push(check.exit);
  };
  tell({ name: 'node', outcome: 'ok', message: `Node ${process.versions.node} on ${process.platform}` });
  tell(checkConfig(context.config.path, flags.fix === true));
  if (chosen.length === 0)
    tell({ name: 'targets', outcome: 'warning', message: 'no targets yet', hint: 'Add one with "s4 add".' });
  for (const target of chosen) {
    const title = `${target.name} [${target.folder} <=> ${target.url}]`;
    context.out.result(lineFit(fitOf(context))?.cut(title) ?? title);
    for await (const check of checkTarget(context, target, flags.fix === true)) tell(check, target.name);
    if (flags.notify !== undefined) tell(await checkNotify(context, target, flags.notify), target.name);
    context.signal.throwIfAborted();
  }
  return worstExit(codes);
}

const MARK: Readonly<Record<Check['outcome'], string>> = {
  ok: 'ok     ',
  warning: 'warning',
  failed: 'FAILED ',
  fixed: 'fixed  ',
};
const TONE: Readonly<Record<Check['outcome'], Tone>> = {
  ok: 'good',
  warning: 'warn',
  failed: 'error',
  fixed: 'good',
};

// Where a check's words begin again, on a terminal that is too narrow for them.
const HANG = 13;

function present(context: Context, check: Check, target: string | undefined): void {
  const text = `  ${MARK[check.outcome]}  ${check.name}: ${escapeForTerminal(check.message)}`;
  const hint = check.hint === undefined ? [] : [`             ${escapeForTerminal(check.hint)}`];
  const fit = fitOf(context);
  const whole = (words: string): readonly string[] =>
    fit === undefined ? [words] : wrapped(fit, words, HANG);
  context.out.lines([
    ...whole(text).map((words) => ({ text: words, tone: TONE[check.outcome], level: 'error' }) as const),
    ...hint.flatMap(whole).map((words) => ({ text: words, tone: 'dim', level: 'error' }) as const),
  ]);
  const { exit: _exit, name, ...rest } = check;
  context.out.record({ kind: 'check', check: name, ...(target === undefined ? {} : { target }), ...rest });
}

function checkConfig(path: string, fix: boolean): Check {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { name: 'config', outcome: 'ok', message: `${path} (not there yet)` };
  if ((stat.mode & 0o077) === 0) return { name: 'config', outcome: 'ok', message: path };
  if (fix) {
    chmodSync(path, 0o600);
    return { name: 'config', outcome: 'fixed', message: `${path}: others could read it, mode is 0600 now` };
  }
  return {
    name: 'config',
    outcome: 'warning',
    message: `${path} can be read by others`,
    hint: 'Fix it with "s4 doctor --fix".',
  };
}

async function* checkTarget(context: Context, target: TargetSettings, fix: boolean): AsyncGenerator<Check> {
  const localOk = yield* checkFolder(context, target);
  try {
    yield* checkStore(context, target, fix);
  } catch (error) {
    context.signal.throwIfAborted();
    yield failed('store', error);
  }
  if (localOk) yield* checkState(context, target);
}

async function* checkFolder(context: Context, target: TargetSettings): AsyncGenerator<Check, boolean> {
  try {
    accessSync(target.folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const folder = await context.services.openFolder(target.folder);
    try {
      const marker = await folder.state.read('target.json');
      if (marker === undefined) {
        yield unusable('marker', 'the folder has no marker', 'Is it mounted? Else join again with "s4 add".');
        return false;
      }
      if (folderTarget(marker) !== target.id) {
        yield unusable(
          'marker',
          'the folder belongs to another target',
          'Check the folder with "s4 targets".',
        );
        return false;
      }
      const folds = folder.foldsCase ? ', takes A and a for one name' : '';
      yield { name: 'folder', outcome: 'ok', message: `readable, writable, marked${folds}` };
      return true;
    } finally {
      await folder.close();
    }
  } catch (error) {
    yield failed('folder', error);
    return false;
  }
}

async function* checkStore(context: Context, target: TargetSettings, fix: boolean): AsyncGenerator<Check> {
  const checks = await withStore(context, target, async (store) => [
    await checkMarker(context, target, store),
    ...(fix ? [await probeAgain(context, target, store)] : []),
  ]);
  yield* checks;
  yield* checkPromises(context, findTarget(target.name, context.config.read().targets));
}

async function checkMarker(context: Context, target: TargetSettings, store: Store): Promise<Check> {
  const { signal } = context;
  const marker = await store.poll('.s4/target.json' as ObjectKey, undefined, { signal });
  if (marker.kind !== 'changed')
    return unusable(
      'store',
      'reachable, but it holds no target',
      'Was the prefix emptied? Join again with "s4 add".',
    );
  if (storeTarget(marker.bytes) !== target.id)
    return unusable('store', 'reachable, but another target is there', 'Was the bucket or the disk swapped?');
  return { name: 'store', outcome: 'ok', message: 'reachable, and it is this target' };
}

async function probeAgain(context: Context, target: TargetSettings, store: Store): Promise<Check> {
  const capabilities = await store.probe({ signal: context.signal });
  const isSame = JSON.stringify(capabilities) === JSON.stringify(target.capabilities);
  if (isSame) return { name: 'probe', outcome: 'ok', message: 'the store behaves as recorded' };
  await context.config.update((config) => ({
    ...config,
    targets: config.targets.map((other) =>
      other.id === target.id && other.name === target.name ? { ...other, capabilities } : other,
    ),
  }));
  return {
    name: 'probe',
    outcome: 'fixed',
    message: 'the store behaves otherwise than recorded: recorded anew',
  };
}

async function* checkState(context: Context, target: TargetSettings): AsyncGenerator<Check> {
  const folder = await context.services.openFolder(target.folder);
  try {
    const base = await context.services.openBase(target, folder);
    const open =
      base.pending.length === 0 ? '' : `, ${count(base.pending.length, 'step')} of an interrupted run open`;
    yield base.trust === 'sound' || base.trust === 'missing'
      ? {
          name: 'index',
          outcome: 'ok',
          message:
            base.trust === 'missing' ? 'never synced' : `${count(base.size, 'entry', 'entries')}${open}`,
        }
      : {
          name: 'index',
          outcome: 'warning',
          message: base.trust === 'lost' ? 'unusable' : 'copied or restored',
          hint: 'The next sync unites both sides; nothing is deleted.',
        };
    yield* checkPrice(target, base.size);
  } catch (error) {
    yield failed('index', error);
  } finally {
    await folder.close();
  }
}

function unusable(name: string, message: string, hint: string): Check {
  return { name, outcome: 'failed', message, hint, exit: EXIT.usage };
}

function failed(name: string, error: unknown): Check {
  const message = error instanceof Error ? error.message : String(error);
  const hint = isS4Error(error) && error.hint !== undefined ? { hint: error.hint } : {};
  const { code } = error as NodeJS.ErrnoException;
  const isSystem = ['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR'].includes(code ?? '');
  return { name, outcome: 'failed', message, ...hint, exit: isSystem ? EXIT.usage : exitOfError(error) };
}
