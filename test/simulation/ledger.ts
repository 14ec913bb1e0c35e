type Tree = Readonly<Record<string, string>>;

/**
 * Every content that anyone ever wrote, and of each whether it is still owed: it is until a user who had that very
 * content replaces or deletes it. Contents are unique, so a content is a version.
 */
export interface Ledger {
  readonly owed: ReadonlySet<string>;
  readonly written: number;
  /** Runs one act of a user, and reads from the tree before and after what it wrote and what it gave up. */
  witness(tree: () => Tree, act: () => void): void;
  wrote(content: string): void;
  gaveUp(content: string): void;
}

export function createLedger(): Ledger {
  const owed = new Set<string>();
  let written = 0;
  const wrote = (content: string): void => {
    if (content === '') return;
    written++;
    owed.add(content);
  };
  return {
    owed,
    get written() {
      return written;
    },
    wrote,
    gaveUp: (content) => void owed.delete(content),
    witness(tree, act) {
      const before = tree();
      act();
      const after = tree();
      const known = new Set(Object.values(before));
      const gained = new Set<string>();
      for (const [path, content] of Object.entries(after)) {
        if (before[path] === content) continue;
        gained.add(content);
        if (!known.has(content) && content !== '(special)' && content !== '-> ') wrote(content);
      }
      // s4 may be about to give a file its second name: what loses one name of two, and gains none, was given up.
      for (const [path, content] of Object.entries(before)) {
        if (after[path] !== content && !gained.has(content)) owed.delete(content);
      }
    },
  };
}
