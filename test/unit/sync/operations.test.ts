import { expect, it } from 'vitest';
import { type PlannedOperation, type Step, takesHeldName } from '../../../src/sync/operations.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { key } from './build.ts';

const planned = (step: Step, name: string): PlannedOperation => ({
  step,
  operation: { kind: 'make-remote-folder', key: key(name) },
});

it.each<[Step, string, readonly string[], boolean]>([
  ['transfer', 'x/inside', ['x'], true],
  ['transfer', 'x/a/b', ['other', 'x'], true],
  ['transfer', 'x', ['x/inside'], true],
  ['rename', 'x/inside', ['x'], true],
  ['transfer', 'x/', ['x/inside'], true],
  ['transfer', 'x', ['x'], false],
  ['transfer', 'xy/inside', ['x'], false],
  ['transfer', 'x/inside', [], false],
  ['delete', 'x/inside', ['x'], false],
  ['vacate', 'x/inside', ['x'], false],
])('a %s of %s while %j is held takes a held name: %s', (step, name, held, takes) => {
  expect(takesHeldName(planned(step, name), held as RelPath[])).toBe(takes);
});
