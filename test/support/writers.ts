import type { MemoryServer } from '../../src/stores/memory/memory-server.ts';
import type { Machine } from './machines.ts';

/** Every content that is to be found somewhere: on a machine's disk or in its trash, or current in the store. */
export function contentsOnDisks(machines: readonly Machine[]): Set<string> {
  const found = new Set<string>();
  for (const { user } of machines) {
    for (const content of Object.values(user.tree())) found.add(content);
    for (const content of Object.values(user.tree('.s4/trash'))) found.add(content);
  }
  return found;
}

export function contentsInTrees(machines: readonly Machine[]): Set<string> {
  return new Set(machines.flatMap(({ user }) => Object.values(user.tree())));
}

/** Every content that the store holds or ever held under these keys. */
export function contentsInStore(server: MemoryServer, keys: Iterable<string>): Set<string> {
  const found = new Set<string>();
  for (const key of keys) {
    for (const version of server.history(key)) {
      if (version.content !== undefined) found.add(Buffer.from(version.content.bytes).toString());
    }
  }
  return found;
}
