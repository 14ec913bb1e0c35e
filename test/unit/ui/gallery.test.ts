import { describe, expect, it } from 'vitest';
import { cellWidth } from '../../../src/ui/text/width.ts';
import { drawGalleryScreen } from '../../gallery/gallery-screen.ts';
import { GALLERY } from '../../gallery/screens.ts';
import { expectFrame, WIDTHS } from '../../support/frames.ts';

describe.each(GALLERY)('the screen $name', (screen) => {
  it.each(WIDTHS)('looks as it did at %i columns, and fits', async (columns) => {
    const frame = await drawGalleryScreen(screen, { columns });
    expectFrame(screen.name, columns, frame);
    for (const line of frame.split('\n')) expect(cellWidth(line)).toBeLessThanOrEqual(columns);
    expect(frame.split('\n').length).toBeLessThan(screen.rows ?? 24);
  });

  it('is drawn with ASCII signs alone where the locale is not UTF-8', async () => {
    const frame = await drawGalleryScreen(screen, { columns: 80, env: { LANG: 'C' } });
    expect(frame).not.toMatch(/[\u2190-\u2bff…›•]/u);
    expect(frame).not.toContain('\u001b');
  });
});
