import { existsSync, realpathSync } from 'node:fs';
import { awsFiles, checkNewProfile } from '../../config/aws-profiles.ts';
import { checkFolderIsFree, checkOverlap } from '../../config/overlap.ts';
import { checkTargetName } from '../../config/target-name.ts';
import { parseStoreUrl } from '../../config/url.ts';
import { S4Error } from '../../lib/errors.ts';
import { addressOf, urlOf } from '../../ui/add/command-line.ts';
import type { Draft, StepId } from '../../ui/add/draft.ts';
import type { AddFacts, Trouble } from '../../ui/add/facts.ts';
import { absolute } from '../add.ts';
import type { Context } from '../context.ts';
import { nameTaken, realFolder } from '../register.ts';
import { loadTargets } from '../select.ts';
import { checkEndpoint } from '../target-flags.ts';
import { troubleIn } from './trouble.ts';

/** What is wrong with the answer of a step, by the same checks that the flags go through. */
export function faultOf(context: Context, facts: AddFacts, step: StepId, draft: Draft): Trouble | undefined {
  switch (step) {
    case 'folder':
      return folderFault(context, facts, draft);
    case 'account':
      return troubleIn(() => checkWord(draft.account, 'An account id', /^[\w.-]+$/));
    case 'region':
      if (facts.mode === 'edit' && draft.region === '') return undefined;
      return troubleIn(() => checkWord(draft.region, 'A region', /^[\w-]+$/));
    case 'endpoint':
      return troubleIn(() => checkEndpoint(draft.endpoint.trim()));
    case 'key-id':
      return troubleIn(() => checkWord(draft.accessKeyId, 'An access key id', /^\S+$/));
    case 'secret':
      return draft.secret.trim() === '' ? { message: 'The secret key is needed.' } : undefined;
    case 'profile-name':
      return troubleIn(() => checkNewProfile(awsFiles(context.env, facts.home), draft.profileName));
    case 'bucket':
      return troubleIn(() => checkBucket(draft.bucket));
    case 'prefix':
    case 'store-folder':
      return troubleIn(() => checkPlace(context, facts, draft));
    case 'name':
      return troubleIn(() => checkName(context, facts, draft));
    default:
      return undefined;
  }
}

function folderFault(context: Context, facts: AddFacts, draft: Draft): Trouble | undefined {
  const folder = absolute(context, draft.folder);
  if (!existsSync(folder)) {
    const message = `${folder} does not exist.`;
    return facts.mode === 'add' ? { message, hint: 'Enter again creates it.', missing: true } : { message };
  }
  return troubleIn(() =>
    checkFolderIsFree(realFolder(folder, false), loadTargets(context), facts.before?.name),
  );
}

function checkWord(text: string, what: string, pattern: RegExp): void {
  if (text === '') throw new S4Error('USAGE', `${what} is needed.`);
  if (!pattern.test(text)) throw new S4Error('USAGE', `"${text}" is not ${what.toLowerCase()}.`);
}

function checkBucket(bucket: string): void {
  if (bucket === '') throw new S4Error('USAGE', 'A bucket is needed.');
  if (/[/:]/.test(bucket))
    throw new S4Error('USAGE', 'Only the name of the bucket: no s3://, no slash.', {
      hint: 'The folder inside of it is asked for next.',
    });
  try {
    parseStoreUrl(`s3://${bucket}`);
  } catch (cause) {
    throw new S4Error('USAGE', `"${bucket}" cannot be the name of a bucket.`, {
      hint: 'It has 3 to 63 small letters, digits, dots and hyphens.',
      cause,
    });
  }
}

/** The whole address, against the other targets. */
function checkPlace(context: Context, facts: AddFacts, draft: Draft): void {
  if (draft.where === 'folder' && draft.storeFolder === '') throw new S4Error('USAGE', 'A folder is needed.');
  const place = parseStoreUrl(urlOf(draft, facts));
  const folder = realpathSync(absolute(context, draft.folder));
  const { endpoint } = addressOf(draft, facts);
  checkOverlap({ folder, place, endpoint }, loadTargets(context), facts.before?.name);
}

function checkName(context: Context, facts: AddFacts, { name }: Draft): void {
  checkTargetName(name);
  const isTaken = loadTargets(context).some((target) => target.name === name);
  if (isTaken && name !== facts.before?.name) throw nameTaken(name);
}
