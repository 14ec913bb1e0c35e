#!/usr/bin/env node
import process from 'node:process';
import { VERSION } from './lib/version.ts';

const args = process.argv.slice(2);

// The version is asked for by scripts, often: it is answered before anything is loaded.
if (args.length === 1 && ['--version', '-V', 'version', 'v'].includes(args[0] ?? '')) {
  process.stdout.write(`${VERSION}\n`);
} else {
  const { runProcess } = await import('./commands/process.ts');
  await runProcess(args);
}
