import { describe, expect, it } from 'vitest';
import { createFrameStream } from '../../../src/ui/frame-stream.ts';

const ESC = '\u001b[';

function open(fullScreen: boolean) {
  const written: string[] = [];
  const heard: string[] = [];
  const stdout = {
    columns: 100,
    rows: 24,
    isTTY: true,
    write: (chunk: string) => written.push(chunk) > 0,
    on: (event: string) => void heard.push(event),
  };
  const frames = createFrameStream(stdout as unknown as NodeJS.WriteStream, { fullScreen });
  const resize = (columns: number): string => {
    stdout.columns = columns;
    written.length = 0;
    frames.resized();
    return written.join('');
  };
  return { frames, resize, written, heard };
}

describe('a frame on a terminal that became narrower', () => {
  const FRAME = `\u001b[1m${'x'.repeat(90)}\u001b[22m\nshort\n${'日'.repeat(40)}\n`;

  it('is erased with the rows that it was wrapped to, and empty lines are left that Ink then erases', () => {
    const { frames, resize } = open(false);
    frames.stdout.write(`${ESC}2K${ESC}1A${ESC}2K${ESC}G${FRAME}`);
    expect(resize(40)).toBe(`\r${ESC}6A${ESC}J\n\n\n`);
  });

  it('is left alone where no line was wrapped, and on a wider one', () => {
    const { frames, resize } = open(false);
    frames.stdout.write('short\n');
    expect([resize(40), resize(120)]).toEqual(['', '']);
  });

  it('is drawn on a cleared screen where it has one of its own', () => {
    const { frames, resize } = open(true);
    frames.stdout.write(FRAME);
    expect(resize(95)).toBe(`${ESC}2J${ESC}H${FRAME}`);
    expect(resize(40)).toBe(`${ESC}2J${ESC}H\n\n\n`);
  });

  it('erases no more than is in sight', () => {
    const { frames, resize } = open(false);
    frames.stdout.write(`${'x'.repeat(900)}\n`);
    expect(resize(10)).toContain(`${ESC}23A`);
  });
});

it('Ink hears nothing of a resize, and does not know the height', () => {
  const { frames, heard } = open(false);
  frames.stdout.on('resize', () => {});
  frames.stdout.on('close', () => {});
  expect(heard).toEqual(['close']);
  expect(frames.stdout.rows).toBeGreaterThan(1000);
});

it('a frame can be taken away and drawn again', () => {
  const { frames, written } = open(false);
  frames.stdout.write('one\ntwo\n');
  written.length = 0;
  frames.erase();
  frames.repaint();
  expect(written).toEqual([`\r${ESC}2A${ESC}J`, `\r${ESC}Jone\ntwo\n`]);
});
