import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const FRAMES = join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures', 'frames');

/** The widths that every screen is drawn at. */
export const WIDTHS = [40, 80, 120] as const;

/**
 * Compares a frame with the one that is checked in under `test/fixtures/frames`; `UPDATE_FRAMES=1` writes it instead.
 * Look at what it wrote before you commit it.
 */
export function expectFrame(name: string, columns: number, frame: string): void {
  const path = join(FRAMES, `${name}.${columns}.txt`);
  const text = `${frame.trimEnd()}\n`;
  if (process.env['UPDATE_FRAMES'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  expect(existsSync(path), `${path} is there; UPDATE_FRAMES=1 writes it`).toBe(true);
  expect(text).toBe(readFileSync(path, 'utf8'));
}
