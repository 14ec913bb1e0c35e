import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TargetSettings } from '../config/schema.ts';
import type { ObjectKey } from '../engine/ports/store.ts';
import type { Context } from './context.ts';
import { withStore } from './open-target.ts';
import { isYes } from './prompter.ts';

const NAME = '.syncignore';

const STARTER = `# What s4 does not sync here: patterns as in .gitignore.
.DS_Store
Thumbs.db
desktop.ini
*~
*.swp
*.tmp
~$*
.~lock.*
`;

/** Offers a starter `.syncignore` to a person; never to a script, and never where a side has one. */
export async function offerStarterRules(
  context: Context,
  target: TargetSettings,
  quiet: boolean,
): Promise<void> {
  if (context.prompter === undefined || quiet || (await haveRules(context, target))) return;
  const question = 'Create a starter .syncignore (leftovers of editors and systems)? [y/N]: ';
  if (!isYes(await context.prompter.ask(question))) return;
  writeStarterRules(context, target);
}

/** For who has asked for them already. */
export async function makeStarterRules(context: Context, target: TargetSettings): Promise<void> {
  if (!(await haveRules(context, target))) writeStarterRules(context, target);
}

export function hasRules(folder: string): boolean {
  return existsSync(join(folder, NAME));
}

/** On either side. */
async function haveRules(context: Context, target: TargetSettings): Promise<boolean> {
  if (hasRules(target.folder)) return true;
  const { signal } = context;
  const remote = await withStore(context, target, (store) => store.head(NAME as ObjectKey, { signal }));
  return remote.kind === 'found';
}

function writeStarterRules(context: Context, target: TargetSettings): void {
  const file = join(target.folder, NAME);
  // Exclusive: what appeared meanwhile stays.
  writeFileSync(file, STARTER, { flag: 'wx' });
  context.out.say(`Created ${file}`, { tone: 'create' });
}
