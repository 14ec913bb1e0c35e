/** A watched folder. Paths are not stored but put together: there may be very many folders. */
export interface WatchedFolder {
  readonly name: string;
  readonly parent: WatchedFolder | undefined;
  /** Made with the first child: most folders have none. */
  children: Map<string, WatchedFolder> | undefined;
  /** Names of folders in it that could not be read. */
  blocked: Set<string> | undefined;
  handle: { close(): void };
  isClosed: boolean;
}

/** `''` for the root. */
export function pathOf(folder: WatchedFolder): string {
  if (folder.parent === undefined) return '';
  const above = pathOf(folder.parent);
  return above === '' ? folder.name : `${above}/${folder.name}`;
}

export function childPath(folder: WatchedFolder, name: string): string {
  const path = pathOf(folder);
  return path === '' ? name : `${path}/${name}`;
}

/** The watched folder at a path, if that is one. */
export function findFolder(root: WatchedFolder, path: string): WatchedFolder | undefined {
  let at: WatchedFolder | undefined = root;
  if (path !== '') for (const name of path.split('/')) at = at?.children?.get(name);
  return at;
}

/** Closes a folder and all below it. @returns how many */
export function closeTree(top: WatchedFolder): number {
  const open = [top];
  let closed = 0;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    folder.handle.close();
    folder.isClosed = true;
    closed++;
    if (folder.children !== undefined) open.push(...folder.children.values());
  }
  return closed;
}
