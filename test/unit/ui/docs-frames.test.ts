import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const SHOWN = /<!-- frame: ([\w-]+) -->\n```\n([\s\S]*?)```/g;

describe.each(['README.md', 'docs/commands.md'])('the screens in %s', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');
  it.each([...text.matchAll(SHOWN)].map(([, name = '', frame = '']) => [name, frame]))(
    '%s is drawn so today',
    (name, frame) => {
      const drawn = readFileSync(join(ROOT, 'test/fixtures/frames', `${name}.80.txt`), 'utf8');
      expect(frame).toBe(drawn);
    },
  );
});
