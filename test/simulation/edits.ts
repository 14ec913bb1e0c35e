import type { MemoryUser } from '../../src/local/memory/user.ts';
import type { Client } from './client.ts';
import type { FaultBox } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { Scheduler } from './scheduler.ts';
import { pickOf, type Random } from './world.ts';

const NAMES = ['a', 'b', 'c.txt', 'd/x', 'd/y', 'd/e/z', 'd/e', 'g/h', 'g', 'keep/one', 'keep/two', 'n.md'];
// é composed and decomposed, and names that differ by case alone.
const TWINS = ['A', 'D/x', '\u00e9', 'e\u0301', 'caf\u00e9/m', 'cafe\u0301/m'];
const RULES = ['', 'a\n', 'd/\n', '*.txt\n', 'keep/*\n!keep/one\n', '# none\n', 'g\nn.md\n'];

export interface EditorDeps {
  readonly random: Random;
  readonly ledger: Ledger;
  readonly faults: FaultBox;
  readonly scheduler: Scheduler;
  /** Names of twins are in use. */
  readonly twins: boolean;
}

/** A person who edits, moves and deletes with all the means that programs use. */
export function createEditor(deps: EditorDeps): (client: Client) => void {
  const { random, ledger, faults, scheduler, twins } = deps;
  const names = twins ? [...NAMES, ...TWINS] : NAMES;
  let count = 0;
  return (client) => {
    const { user } = client;
    const content = (): string => `${client.name} wrote ${String(++count).padStart(4, '0')}`;
    const [name, other] = [pickOf(names, random), pickOf(names, random)];
    ledger.witness(
      () => user.tree(),
      () => {
        let line = '';
        try {
          line =
            faults.isOn('ignore-rules') && random(12) === 0
              ? changeRules(user, deps)
              : act({ user, random, name, other, content });
        } catch {
          // A folder is a file here, or the other way round: a user would get an error, too.
          line = `nothing to ${name}`;
        }
        scheduler.say(`  user of ${client.name}: ${line}`);
      },
    );
  };
}

function changeRules(user: MemoryUser, { random, faults }: EditorDeps): string {
  faults.strikes('ignore-rules', 1);
  const path = random(4) === 0 ? 'd/.syncignore' : '.syncignore';
  if (random(5) === 0) user.remove(path);
  else user.write(path, `${pickOf(RULES, random)}# ${random(1000)}\n`);
  return `rules in ${path}: ${JSON.stringify(user.read(path))}`;
}

interface Act {
  readonly user: MemoryUser;
  readonly random: Random;
  readonly name: string;
  readonly other: string;
  readonly content: () => string;
}

function act({ user, random, name, other, content }: Act): string {
  const existing = user.read(name);
  const text = content();
  switch (random(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
      user.write(name, text, { executable: random(4) === 0 });
      return `writes ${text} to ${name}`;
    case 4:
    case 5:
      user.save(name, text);
      return `saves ${text} as ${name}`;
    case 6:
      user.append(name, `+${text}`);
      return `appends ${text} to ${name}`;
    case 7:
      // Of the same size as all other contents, in the same place.
      if (existing === undefined || existing.startsWith('->')) return `leaves ${name}`;
      user.write(name, text.padEnd(existing.length, '.').slice(0, Math.max(existing.length, text.length)));
      return `rewrites ${name} with ${text}`;
    case 8:
    case 9:
      user.remove(name);
      return `removes ${name}`;
    case 10:
    case 11:
      user.rename(name, other);
      return `renames ${name} to ${other}`;
    case 12:
      user.chmod(name, random(2) === 0);
      return `changes the mode of ${name}`;
    case 13:
      user.mkdir(random(2) === 0 ? name : `empty${random(2)}`);
      return `makes a folder ${name}`;
    case 14:
      user.symlink(`${name}.link`, text);
      return `links ${name}.link to ${text}`;
    case 15:
      return swapKind(user, name, text);
    case 16:
      user.touch(name, BigInt(1_700_000_000_000 + random(1_000_000)) * 1_000_000n);
      return `touches ${name}`;
    case 17:
      // As programs do that save without a change: another time, the same bytes.
      if (existing === undefined || existing.startsWith('->')) return `leaves ${name}`;
      user.write(name, existing);
      return `saves ${name} as it was`;
    case 18:
      if (existing === undefined || existing.startsWith('->')) return `leaves ${name}`;
      user.save(other, existing);
      return `copies ${name} to ${other}`;
    default:
      user.fifo(`pipe${random(2)}`);
      return 'makes a pipe';
  }
}

/** A folder becomes a file of its name, or a file a folder. */
function swapKind(user: MemoryUser, name: string, text: string): string {
  const wasFile = user.read(name) !== undefined;
  user.remove(name);
  user.write(wasFile ? `${name}/inside` : name, text);
  return `puts a ${wasFile ? 'folder' : 'file'} with ${text} in place of ${name}`;
}
