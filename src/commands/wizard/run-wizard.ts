import { dropUndefined, type TargetSettings } from '../../config/schema.ts';
import { parseStoreUrl } from '../../config/url.ts';
import { type Draft, EMPTY_DRAFT } from '../../ui/add/draft.ts';
import type { AddFacts } from '../../ui/add/facts.ts';
import type { TerminalHost } from '../../ui/terminal.ts';
import { announce } from '../add.ts';
import type { Context } from '../context.ts';
import { announceEdited } from '../edit.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { previewLines } from '../first-sync.ts';
import { makeStarterRules } from '../starter-rules.ts';
import { s3Flags, type TargetFlags } from '../target-flags.ts';
import { gatherFacts } from './gather-facts.ts';
import { createPort, type WizardPort } from './port.ts';

/** What the command line said already. */
export interface Given {
  readonly folder: string | undefined;
  readonly url: string | undefined;
  readonly flags: TargetFlags;
}

/** `s4 add` at a terminal: asks for what is missing, one question at a time. */
export async function addByWizard(context: Context, terminal: TerminalHost, given: Given): Promise<ExitCode> {
  // What is wrong with them is said before the first question.
  s3Flags(context, given.flags);
  const facts = { ...gatherFacts(context), extraWords: extraWords(given.flags) };
  const { storageClass, sse, caFile, proxy, pathStyle } = given.flags;
  const unasked = dropUndefined({ storageClass, sse, caFile, proxy, pathStyle });
  const port = createPort(context, { facts, given: unasked });
  await show(terminal, facts, port, draftOf(given));
  const result = port.result();
  if (result?.kind !== 'added') return nothingDone(context, 'Nothing was added.');
  const { registered } = result;
  announce(context, registered);
  if (port.wantsRules()) await makeStarterRules(context, registered.target);
  const preview = port.lastPreview();
  if (preview !== undefined) {
    const view = { ...preview.status, target: registered.target.name };
    context.out.lines(previewLines(view, { up: preview.bytesUp, down: preview.bytesDown }));
  }
  return EXIT.done;
}

/** `s4 edit` at a terminal: the same, filled in. */
export async function editByWizard(
  context: Context,
  terminal: TerminalHost,
  editing: TargetSettings,
): Promise<ExitCode> {
  const facts = gatherFacts(context, editing);
  const port = createPort(context, { facts, editing, given: {} });
  await show(terminal, facts, port, facts.before ?? EMPTY_DRAFT);
  const result = port.result();
  if (result?.kind !== 'edited') return nothingDone(context, 'Nothing was changed.');
  return announceEdited(context, result.target);
}

async function show(terminal: TerminalHost, facts: AddFacts, port: WizardPort, draft: Draft): Promise<void> {
  const { showAddWizard } = await import('../../ui/add/show-add-wizard.ts');
  await showAddWizard(terminal, facts, port, draft);
}

function nothingDone(context: Context, words: string): ExitCode {
  context.out.say(words);
  return EXIT.interrupted;
}

/** The answers that the flags gave; each is asked all the same, filled in. */
function draftOf({ folder, url, flags }: Given): Draft {
  const place = url === undefined ? undefined : parseStoreUrl(url);
  const where = place?.kind === 'file' ? 'folder' : flags.endpoint === undefined ? 'aws' : 'other';
  return {
    ...EMPTY_DRAFT,
    where,
    folder: folder ?? '',
    endpoint: flags.endpoint ?? '',
    region: flags.region ?? '',
    keys: keysOf(flags),
    accessKeyId: flags.accessKeyId ?? '',
    bucket: place?.kind === 's3' ? place.bucket : '',
    prefix: place?.kind === 's3' ? place.prefix : '',
    storeFolder: place?.kind === 'file' ? place.root : '',
    createBucket: flags.createBucket === true,
    enableVersioning: flags.enableVersioning === true,
    name: flags.name ?? '',
    conflicts: flags.conflicts ?? '',
  };
}

function keysOf({ accessKeyId, profile, copyTargetCredentials }: TargetFlags): Draft['keys'] {
  if (accessKeyId !== undefined) return { kind: 'typed' };
  if (profile !== undefined) return { kind: 'profile', name: profile };
  return copyTargetCredentials === undefined
    ? { kind: 'chain' }
    : { kind: 'target', name: copyTargetCredentials };
}

function extraWords(flags: TargetFlags): readonly string[] {
  const { storageClass, sse, caFile, proxy, pathStyle } = flags;
  const valued = { '--storage-class': storageClass, '--sse': sse, '--ca-file': caFile, '--proxy': proxy };
  return [
    ...Object.entries(valued).flatMap(([flag, value]) => (value === undefined ? [] : [`${flag} ${value}`])),
    ...(pathStyle === undefined ? [] : [pathStyle ? '--path-style' : '--no-path-style']),
  ];
}
