import { type ReactNode, useRef, useState } from 'react';
import { escapeForTerminal } from '../../report/escape.ts';
import { useKeyPress } from '../keys/use-keys.ts';
import { type EditedLine, editedLine, editKey, lineText, visibleLine } from '../text/edit-line.ts';
import { Row, Tone } from './Tone.tsx';
import { useTerminal } from './terminal-context.ts';

export interface TextFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onSubmit?: (value: string) => void;
  /** Shown where nothing was typed. */
  readonly placeholder?: string;
  /** Shown as dots, and never drawn. */
  readonly secret?: boolean;
  /** Hears keys. */
  readonly isActive?: boolean;
  readonly width: number;
  /** Tab: what the text before the cursor becomes; undefined: nothing to complete. */
  readonly complete?: (before: string) => string | undefined;
}

/** One line to type into: pasted text works, the keys of a shell too. Other keys go on to the screen. */
export function TextField(props: TextFieldProps): ReactNode {
  const { value, width, secret = false, isActive = true, placeholder = '' } = props;
  const { glyphs } = useTerminal();
  const [line, setLine] = useState<EditedLine>(() => editedLine(value));
  // Keys may come faster than frames: each edits what the last one left.
  const latest = useRef(line);
  if (lineText(latest.current) !== value) latest.current = editedLine(value);
  const update = (next: EditedLine): void => {
    latest.current = next;
    setLine(next);
    props.onChange(lineText(next));
  };
  useKeyPress(
    (press) => {
      if (press.kind === 'key' && press.name === 'enter' && props.onSubmit !== undefined) {
        props.onSubmit(lineText(latest.current));
        return true;
      }
      if (press.kind === 'key' && press.name === 'tab' && props.complete !== undefined) {
        const { before, after } = latest.current;
        const completed = props.complete(before);
        if (completed !== undefined && completed !== before) {
          update({ before: completed, after });
          return true;
        }
        return false;
      }
      const next = editKey(latest.current, press);
      if (next === undefined) return false;
      update(next);
      return true;
    },
    { isActive, layer: 'field' },
  );
  const shown = visibleLine(latest.current, width, secret ? glyphs.secret : undefined);
  if (value === '' && !isActive) return <Tone token="dim">{placeholder}</Tone>;
  return (
    <Row>
      {escapeForTerminal(shown.before)}
      {isActive ? <Cursor text={shown.cursor} /> : shown.cursor.trim()}
      {escapeForTerminal(shown.after)}
      {value === '' ? <Tone token="dim">{placeholder}</Tone> : ''}
    </Row>
  );
}

/** Inverse; without colours a bar before the character. */
function Cursor({ text }: { readonly text: string }): ReactNode {
  const { theme, glyphs } = useTerminal();
  if (theme.selected.inverse !== true) return glyphs.pipe + escapeForTerminal(text.trim());
  return <Tone token="selected">{text}</Tone>;
}
