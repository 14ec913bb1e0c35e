import { legacyConfigFile } from '../config/config-dir.ts';
import { readPythonConfig } from '../config/python-config.ts';
import type { TargetSettings } from '../config/schema.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { loadTargets } from './select.ts';

/** `s4 targets`, in Python S4's form: `name: [folder <=> url]`. */
export async function targets(context: Context): Promise<ExitCode> {
  const all = [...loadTargets(context)].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const target of all) {
    context.out.result(`${target.name}: [${target.folder} <=> ${target.url}]`);
    for (const detail of details(target)) context.out.say(`    ${detail}`, { tone: 'dim', level: 'debug' });
    context.out.record(targetRecord('target', target));
  }
  if (all.length === 0) context.out.say('No targets yet. Add one with "s4 add".');
  offerImport(context, all);
  return EXIT.done;
}

function details(target: TargetSettings): readonly string[] {
  const { s3 } = target;
  const keys =
    target.credentials === undefined ? 'AWS credential chain' : `key ${target.credentials.accessKeyId}`;
  return [
    `id ${target.id}, client ${target.clientId}`,
    ...(s3?.endpoint === undefined ? [] : [`endpoint ${s3.endpoint}`]),
    ...(s3?.region === undefined ? [] : [`region ${s3.region}`]),
    ...(s3?.profile === undefined ? [] : [`profile ${s3.profile}`]),
    ...(target.url.startsWith('s3:') ? [keys] : []),
    ...(target.conflicts === undefined ? [] : [`conflicts: ${target.conflicts}`]),
    `versioning ${target.capabilities.versioning}`,
  ];
}

/** A target for scripts, without its secrets. */
export function targetRecord(
  kind: 'target' | 'added' | 'edited' | 'removed',
  target: TargetSettings,
): { readonly kind: typeof kind } & Record<string, unknown> {
  const { credentials, ...open } = target;
  return {
    ...open,
    kind,
    ...(credentials === undefined ? {} : { accessKeyId: credentials.accessKeyId }),
  };
}

/** Python S4's targets that are not taken over yet are worth a word, never an error. */
export function offerImport(context: Context, known: readonly TargetSettings[]): void {
  const python = readPythonConfig(legacyConfigFile(context.home));
  const folders = new Set(known.map(({ folder }) => folder));
  const open = (python?.targets ?? []).filter(({ folder }) => !folders.has(folder.replace(/(.)\/+$/, '$1')));
  if (open.length === 0) return;
  const names = open.map(({ name }) => name).join(', ');
  context.out.say(`Python S4 has targets that s4 can take over: ${names}. Run "s4 import".`, {
    tone: 'strong',
  });
}
