import { legacyConfigFile } from '../config/config-dir.ts';
import { readPythonConfig } from '../config/python-config.ts';
import type { TargetSettings } from '../config/schema.ts';
import { escapeForTerminal } from '../report/escape.ts';
import type { Column } from '../ui/text/table-layout.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { fitOf, fittedTable } from './fit.ts';
import { loadTargets } from './select.ts';

/** `s4 targets`, in Python S4's form, `name: [folder <=> url]`; on a terminal as a table. */
export async function targets(context: Context): Promise<ExitCode> {
  const all = [...loadTargets(context)].sort((a, b) => (a.name < b.name ? -1 : 1));
  const fit = fitOf(context);
  if (fit !== undefined && all.length > 0) context.out.lines(fittedTable(fit, COLUMNS, all.map(cellsOf)));
  for (const target of all) {
    if (fit === undefined) context.out.result(`${target.name}: [${target.folder} <=> ${target.url}]`);
    const indent = fit === undefined ? '    ' : `${target.name}: `;
    for (const detail of details(target)) context.out.say(indent + detail, { tone: 'dim', level: 'debug' });
    context.out.record(targetRecord('target', target));
  }
  if (all.length === 0) context.out.say('No targets yet. Add one with "s4 add".');
  offerImport(context, all);
  return EXIT.done;
}

const COLUMNS: readonly Column[] = [
  { header: 'name', cut: 'end' },
  { header: 'folder', cut: 'middle', least: 24 },
  { header: 'store', cut: 'middle', least: 24 },
  { header: 'service', cut: 'middle', optional: 1, least: 16 },
  { header: 'versions', optional: 2 },
  { header: 'conflicts', optional: 3 },
];

function cellsOf({ name, folder, url, s3, capabilities, conflicts }: TargetSettings): readonly string[] {
  const service = url.startsWith('file:')
    ? 'folder'
    : (s3?.endpoint?.replace(/^https?:\/\//, '') ?? 'Amazon S3');
  const versions = capabilities.versioning === 'enabled' ? 'kept' : capabilities.versioning;
  return [name, folder, url, service, versions, conflicts ?? 'ask'].map(escapeForTerminal);
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
