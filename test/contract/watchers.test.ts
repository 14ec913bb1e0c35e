import { createWatcher } from '../../src/local/watch/watch-folder.ts';
import { watcherContract } from './watcher-contract.ts';

watcherContract('fs.watch', (root) => createWatcher({ root, kind: 'fs' }));
watcherContract('chokidar', (root) => createWatcher({ root, kind: 'chokidar' }));
