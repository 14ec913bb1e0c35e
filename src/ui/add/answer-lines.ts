import { count, formatBytes } from '../../report/format.ts';
import { addressOf, keepsInProfile, urlOf } from './command-line.ts';
import type { Draft, StepId } from './draft.ts';
import type { AddFacts, FolderLook } from './facts.ts';
import { stepsOf } from './steps.ts';

export interface AnswerLine {
  readonly label: string;
  readonly value: string;
}

/** What was answered before a step, in a few lines. */
export function answerLines(
  draft: Draft,
  facts: AddFacts,
  step: StepId,
  look: FolderLook | undefined,
): readonly AnswerLine[] {
  const steps = stepsOf(draft, facts);
  const isAnswered = (id: StepId): boolean => steps.includes(id) && steps.indexOf(id) < steps.indexOf(step);
  const store = storeWords(draft, facts, isAnswered);
  return [
    ...(isAnswered('folder') ? [{ label: 'Folder', value: draft.folder + lookSuffix(look) }] : []),
    ...(store === undefined ? [] : [{ label: 'Store', value: store }]),
    ...(isAnswered('keys') ? [{ label: 'Keys', value: keyWords(draft, facts, isAnswered('keep')) }] : []),
    ...(isAnswered('name') ? [{ label: 'Name', value: draft.name }] : []),
    ...(isAnswered('policy') && draft.conflicts !== ''
      ? [{ label: 'Conflicts', value: draft.conflicts }]
      : []),
  ];
}

function storeWords(
  draft: Draft,
  facts: AddFacts,
  isAnswered: (step: StepId) => boolean,
): string | undefined {
  if (facts.mode === 'edit') return urlOf(draft, facts);
  if (!isAnswered('where')) return undefined;
  if (draft.where === 'folder') return isAnswered('store-folder') ? draft.storeFolder : 'a folder';
  const provider = facts.providers.find(({ id }) => id === draft.where);
  const { endpoint, region } = addressOf(draft, facts);
  const isKnown = (['account', 'endpoint', 'region'] as const).some(isAnswered) || draft.where === 'gcs';
  const address = isKnown ? (endpoint?.replace(/^https?:\/\//, '') ?? region) : undefined;
  const bucket = isAnswered('prefix')
    ? urlOf(draft, facts)
    : isAnswered('bucket')
      ? `s3://${draft.bucket}`
      : undefined;
  return [bucket, provider?.name, address].filter((part) => part !== undefined).join(', ');
}

function keyWords(draft: Draft, facts: AddFacts, isKept: boolean): string {
  const { keys } = draft;
  switch (keys.kind) {
    case 'chain':
      return facts.environmentKeys ? 'the key in the environment' : 'what the AWS tools find';
    case 'profile':
      return `AWS profile ${keys.name}`;
    case 'target':
      return `those of target ${keys.name}`;
    case 'unchanged':
      return 'as they are';
    case 'typed': {
      const place = keepsInProfile(draft) ? `AWS profile ${draft.profileName || '(new)'}` : facts.configPath;
      return isKept ? `${draft.accessKeyId}, kept in ${place}` : draft.accessKeyId || 'typed in';
    }
  }
}

function lookSuffix(look: FolderLook | undefined): string {
  return look === undefined ? '' : ` (${lookWords(look)})`;
}

/** `12 files, 3.1 MiB`. */
export function lookWords({ files, sizeBytes, partial }: FolderLook): string {
  if (files === 0 && !partial) return 'empty';
  return `${partial ? 'more than ' : ''}${count(files, 'file')}, ${formatBytes(sizeBytes)}`;
}
