import { type ReactNode, useState } from 'react';
import { describe, expect, it } from 'vitest';
import { HelpOverlay, KeyHints } from '../../../src/ui/components/KeyHints.tsx';
import { TextField } from '../../../src/ui/components/TextField.tsx';
import { Tone } from '../../../src/ui/components/Tone.tsx';
import { useTerminal } from '../../../src/ui/components/terminal-context.ts';
import type { KeyTable } from '../../../src/ui/keys/key-table.ts';
import { useKeys } from '../../../src/ui/keys/use-keys.ts';
import { runScreen } from '../../../src/ui/run-screen.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';

const KEYS: KeyTable<'count' | 'help' | 'quit'> = [
  { keys: ['c', 'down'], action: 'count', label: 'count' },
  { keys: ['q', 'escape'], action: 'quit', label: 'quit' },
  { keys: ['?'], action: 'help', label: 'help', help: 'all keys' },
];

function Counter({ onDone }: { readonly onDone: (count: number) => void }): ReactNode {
  const { columns, rows } = useTerminal();
  const [count, setCount] = useState(0);
  const [helps, setHelps] = useState(false);
  useKeys(KEYS, (action) => {
    if (action === 'count') setCount((n) => n + 1);
    if (action === 'quit') onDone(count);
    if (action === 'help') setHelps(true);
  });
  if (helps) return <HelpOverlay title="Keys" tables={[KEYS]} onClose={() => setHelps(false)} />;
  return (
    <>
      <Tone>{`counted ${count} at ${columns}x${rows}`}</Tone>
      <KeyHints table={KEYS} />
    </>
  );
}

function Field({ onDone }: { readonly onDone: (text: string) => void }): ReactNode {
  const [text, setText] = useState('');
  return <TextField value={text} onChange={setText} onSubmit={onDone} width={20} />;
}

describe('a screen', () => {
  it('hears keys, also several that were typed before it looked, and resolves with its result', async () => {
    const terminal = createFakeTerminal();
    const result = runScreen<number>(terminal.host, ({ done }) => <Counter onDone={done} />);
    await terminal.shows('counted 0');
    expect(terminal.rawMode).toBe(true);
    terminal.type('cc');
    terminal.press('down');
    await terminal.shows('counted 3');
    terminal.press('escape');
    expect(await result).toBe(3);
    expect(terminal.rawMode).toBe(false);
  });

  it('says its keys in the help line and in the overlay, from one table', async () => {
    const terminal = createFakeTerminal();
    const result = runScreen<number>(terminal.host, ({ done }) => <Counter onDone={done} />);
    expect(await terminal.shows('counted')).toContain('c count  q quit  ? help');
    terminal.press('?');
    expect(await terminal.shows('Keys')).toContain('q Esc  quit');
    terminal.press('q');
    // The overlay took the key: the screen is still there.
    await terminal.shows('counted');
    terminal.press('q');
    await result;
  });

  it('is drawn again at the new size after a resize', async () => {
    const terminal = createFakeTerminal();
    const result = runScreen<number>(terminal.host, ({ done }) => <Counter onDone={done} />);
    await terminal.shows('at 80x24');
    terminal.resize(40, 10);
    await terminal.shows('at 40x10');
    terminal.press('q');
    await result;
  });

  it('gives the terminal back while Ctrl-Z stops the process, and takes it again', async () => {
    const terminal = createFakeTerminal();
    const seen: string[] = [];
    let onContinue: () => void = () => {};
    const jobs = {
      stop: () => void seen.push(`stopped, raw ${terminal.rawMode}`),
      onContinue: (listener: () => void) => {
        onContinue = listener;
        return () => void seen.push('forgotten');
      },
    };
    const host = { ...terminal.host, jobs };
    const result = runScreen<number>(host, ({ done }) => <Counter onDone={done} />, { fullScreen: true });
    await terminal.shows('counted 0');
    terminal.press('c', 'ctrl-z');
    await terminal.until(() => seen.length === 1);
    expect(terminal.written()).toContain('\u001b[?1049l');
    onContinue();
    expect([seen, terminal.rawMode]).toEqual([['stopped, raw false'], true]);
    expect(terminal.written().split('\u001b[?1049h')).toHaveLength(3);
    terminal.press('c');
    await terminal.shows('counted 2');
    terminal.press('q');
    expect(await result).toBe(2);
    expect([seen.at(-1), terminal.rawMode]).toEqual(['forgotten', false]);
  });

  it('ends on Ctrl-C with the reason of the interrupt, and leaves the terminal as it was', async () => {
    const terminal = createFakeTerminal();
    const result = runScreen<number>(terminal.host, ({ done }) => <Counter onDone={done} />, {
      fullScreen: true,
    });
    await terminal.shows('counted');
    terminal.press('ctrl-c');
    await expect(result).rejects.toThrow('interrupted');
    expect(terminal.rawMode).toBe(false);
    const written = terminal.written();
    expect(written).toContain('\u001b[?1049h');
    expect(written.endsWith('\u001b[?1049l\u001b[?2004l\u001b[?25h')).toBe(true);
  });

  it('throws what a component threw, and leaves the terminal as it was', async () => {
    const terminal = createFakeTerminal();
    const Broken = (): ReactNode => {
      throw new Error('broken screen');
    };
    await expect(runScreen(terminal.host, () => <Broken />)).rejects.toThrow('broken screen');
    expect(terminal.rawMode).toBe(false);
    expect(terminal.written().endsWith('\u001b[?2004l\u001b[?25h')).toBe(true);
  });

  it('shows control characters instead of obeying them', async () => {
    const terminal = createFakeTerminal();
    const result = runScreen<void>(terminal.host, () => <Tone>{'evil\u001b[2J\u202ename'}</Tone>);
    expect(await terminal.shows('evil')).toContain('evil\\x1b[2J\\u202ename');
    terminal.press('ctrl-c');
    await expect(result).rejects.toThrow('interrupted');
  });
});

describe('keys that are read together', () => {
  it('are taken one by one, each at what the last one left', async () => {
    const terminal = createFakeTerminal();
    const Chosen = ({ onDone }: { readonly onDone: (at: string) => void }): ReactNode => {
      const [at, setAt] = useState('nothing');
      const table: KeyTable = ['b', 'enter'].map((key) => ({ keys: [key], action: key, label: key }));
      useKeys(table, (key) => (key === 'enter' ? onDone(at) : setAt(key)));
      return <Tone>{`at ${at}`}</Tone>;
    };
    const result = runScreen<string>(terminal.host, ({ done }) => <Chosen onDone={done} />);
    await terminal.shows('at nothing');
    terminal.type('b\r');
    expect(await result).toBe('b');
  });

  it('are no commands when they are a paste', async () => {
    const terminal = createFakeTerminal();
    const result = runScreen<number>(terminal.host, ({ done }) => <Counter onDone={done} />);
    await terminal.shows('counted 0');
    terminal.paste('ccc q');
    terminal.type('c');
    await terminal.shows('counted 1');
    terminal.press('q');
    expect(await result).toBe(1);
  });
});

describe('a text field', () => {
  it('takes pasted text whole, without sending it at its line end', async () => {
    const terminal = createFakeTerminal();
    const result = runScreen<string>(terminal.host, ({ done }) => <Field onDone={done} />);
    await terminal.until((frame) => frame !== '');
    terminal.paste('s3://bucket\n');
    await terminal.shows('s3://bucket');
    terminal.type('x\r');
    expect(await result).toBe('s3://bucket x');
  });

  it('edits with the keys of a shell', async () => {
    const terminal = createFakeTerminal();
    const result = runScreen<string>(terminal.host, ({ done }) => <Field onDone={done} />);
    await terminal.until((frame) => frame !== '');
    terminal.type('/home/me/photos');
    terminal.press('ctrl-w');
    terminal.type('née');
    terminal.press('left', 'backspace', 'ctrl-a');
    terminal.type('>');
    terminal.press('enter');
    expect(await result).toBe('>/home/me/ne');
  });
});
