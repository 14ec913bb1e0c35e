import ignore, { type Ignore } from 'ignore';
import { createDeepMatcher, type LineVerdict } from './ignore-deep.ts';

/** The name of the files that hold rules. They sync like other files, unless a rule names them. */
export const IGNORE_FILE = '.syncignore';
/** As git does: what a link leads to may be outside the folder, and differs from machine to machine. */
export const LINKED_RULES =
  'it is a symbolic link: rules are read from a file only, so none of these is in force';

/** What `.syncignore` files exclude. */
export interface IgnoreRules {
  /** True while no text holds a rule: nothing is ignored. */
  readonly empty: boolean;
  /**
   * Adds the text of one `.syncignore`. Several texts for one folder (the local and the remote version, while they
   * differ) rule together: what one of them ignores is ignored. A version that is absent on one side is ''.
   *
   * @param folder - the folder that holds the file: '' is the top, else `a/b`
   */
  addRules(folder: string, text: string): void;
  /** @param path - below the top, without a trailing slash */
  ignores(path: string, isFolder: boolean): boolean;
}

/** The texts of one folder, and what is above it: the order in which rules are asked. */
interface Level {
  /** Length of `folder/`: what is cut off a path to make it relative to the rules. */
  readonly cut: number;
  readonly texts: readonly RuleText[];
  readonly above: Level | undefined;
}

interface FolderState {
  readonly ignored: boolean;
  readonly level: Level | undefined;
}

type RuleText = (relative: string, isFolder: boolean) => LineVerdict;

/** Folder states kept at most; they are found again from the folders above. */
const MAX_STATES = 20_000;
/** `ignore` remembers every path it was asked for: its memory is dropped after this many. */
const MAX_REMEMBERED = 10_000;

/**
 * Rules as `.gitignore` has them (gitignore(5), case-sensitive): the last matching line of the deepest file decides,
 * `!` includes again, and what lies below an ignored folder is ignored whatever rules say there. One difference: `*` and
 * its like do not match a `.syncignore`, only a line that ends in that name does.
 */
export function createIgnoreRules(): IgnoreRules {
  const sources = new Map<string, Set<string>>();
  const compiled = new Map<string, readonly RuleText[]>();
  let empty = true;
  const states = new Map<string, FolderState>();

  const folderState = (folder: string): FolderState => {
    const known = states.get(folder);
    if (known !== undefined) return known;
    const above = folder === '' ? { ignored: false, level: undefined } : folderState(parentOf(folder));
    const ignored = above.ignored || (folder !== '' && isExcluded(above.level, folder, true));
    const texts = compiled.get(folder);
    const cut = folder === '' ? 0 : folder.length + 1;
    const level = texts === undefined ? above.level : { cut, texts, above: above.level };
    if (states.size >= MAX_STATES) states.clear();
    const state = { ignored, level };
    states.set(folder, state);
    return state;
  };

  return {
    get empty() {
      return empty;
    },
    addRules(folder, text) {
      const texts = sources.get(folder) ?? new Set();
      if (texts.has(text)) return;
      sources.set(folder, texts.add(text));
      empty &&= !holdsRules(text);
      compiled.set(folder, [...(compiled.get(folder) ?? []), compileText(text)]);
      states.clear();
    },
    ignores(path, isFolder) {
      if (empty) return false;
      const { ignored, level } = folderState(parentOf(path));
      return ignored || isExcluded(level, path, isFolder);
    },
  };
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** Whether the rules exclude exactly this path, the folders above left aside. */
function isExcluded(level: Level | undefined, path: string, isFolder: boolean): boolean {
  for (let asked = level; asked !== undefined; asked = asked.above) {
    const relative = path.slice(asked.cut);
    const verdicts = asked.texts.map((text) => text(relative, isFolder));
    if (verdicts.includes('ignored')) return true;
    // A version that is silent leaves the decision to the folders above, whatever the others say.
    if (!verdicts.includes('silent')) return false;
  }
  return false;
}

function holdsRules(text: string): boolean {
  return linesOf(text).some((line) => line !== '' && !line.startsWith('#'));
}

function linesOf(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, '')
    .replace(/\r$/, '')
    .split(/\r?\n/);
}

function compileText(text: string): RuleText {
  const lines = linesOf(text);
  const asFile = createMatcher(lines);
  const asFolder = createMatcher(lines.map(withoutFolderMark));
  const asRules = createMatcher(lines.filter((line) => namesIgnoreFile(line)));
  return (relative, isFolder) => {
    if (isFolder) return asFolder(relative);
    const isRules = relative === IGNORE_FILE || relative.endsWith(`/${IGNORE_FILE}`);
    return isRules ? asRules(relative) : asFile(relative);
  };
}

type Matcher = (relative: string) => LineVerdict;

/** The last line that speaks decides: lines that would be slow are asked apart, in their place among the others. */
function createMatcher(lines: readonly string[]): Matcher {
  const matchers: Matcher[] = [];
  let run: string[] = [];
  const endRun = (): void => {
    if (run.length > 0) matchers.unshift(createRunMatcher(run));
    run = [];
  };
  for (const line of lines) {
    const deep = createDeepMatcher(line);
    if (deep === undefined) {
      run.push(line);
      continue;
    }
    endRun();
    matchers.unshift(deep);
  }
  endRun();
  return (relative) => {
    for (const matcher of matchers) {
      const verdict = matcher(relative);
      if (verdict !== 'silent') return verdict;
    }
    return 'silent';
  };
}

/**
 * Asks about one path as if it were a file, and about nothing above it: `ignore` looks at parents as well, but a deeper
 * `.syncignore` may have included a parent again. A last rule that includes all folders takes its parents out of the
 * answer. Hence folders are asked as files, of rules that have lost the mark for "folders only".
 */
function createRunMatcher(lines: readonly string[]): Matcher {
  const rules = ignore({ ignorecase: false, allowRelativePaths: true }).add(lines.join('\n')).add('!*/');
  let asked: Ignore = rules;
  let remembered = 0;
  return (relative) => {
    if (++remembered > MAX_REMEMBERED) {
      asked = ignore({ ignorecase: false, allowRelativePaths: true }).add(rules);
      remembered = 0;
    }
    const result = asked.test(relative);
    if (result.ignored) return 'ignored';
    return result.unignored ? 'included' : 'silent';
  };
}

/** `build/` -> `build`. Trailing spaces, which the mark may stand before, mean nothing: an escaped one has a backslash there. */
function withoutFolderMark(line: string): string {
  const kept = line.replace(/ +$/, '');
  return kept.endsWith('/') ? kept.slice(0, -1) : line;
}

function namesIgnoreFile(line: string): boolean {
  const pattern = line.trimEnd();
  return pattern.endsWith(`/${IGNORE_FILE}`) || pattern.replace(/^!/, '') === IGNORE_FILE;
}
