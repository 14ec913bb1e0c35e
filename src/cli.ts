#!/usr/bin/env node
import module from 'node:module';
import process from 'node:process';
import { VERSION } from './lib/version.ts';

const args = process.argv.slice(2);

// The version is asked for by scripts, often: it is answered before anything is loaded.
if (args.length === 1 && ['--version', '-V', 'version', 'v'].includes(args[0] ?? '')) {
  process.stdout.write(`${VERSION}\n`);
} else {
  rememberCompiled();
  if (process.stdout.isTTY && isSync(args)) process.stdout.write('Reading the targets\r');
  void import('./commands/process.ts').then(({ runProcess }) => runProcess(args));
}

/** Node 22 and later keep what they compiled for the next start: 100 ms of it. NODE_DISABLE_COMPILE_CACHE turns it off. */
function rememberCompiled(): void {
  if ('enableCompileCache' in module && typeof module.enableCompileCache === 'function')
    module.enableCompileCache();
}

/** A person waits at the terminal: the first word comes before anything is loaded, and what follows is longer than it. */
function isSync(words: readonly string[]): boolean {
  return (
    /^(?:s|sync|push|pull)$/.test(words[0] ?? '') &&
    !words.some((word) => /^(?:-q|--quiet|--json|--log-level.*)$/.test(word))
  );
}
