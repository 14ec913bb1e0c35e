import { Box } from 'ink';
import type { ReactNode } from 'react';
import { DiffView } from '../../components/DiffView.tsx';
import { KeyHints } from '../../components/KeyHints.tsx';
import { Tone } from '../../components/Tone.tsx';
import { useTerminal } from '../../components/terminal-context.ts';
import type { KeyTable } from '../../keys/key-table.ts';
import { useKeys } from '../../keys/use-keys.ts';
import { fitMiddle } from '../../text/width.ts';
import type { ConflictMaterial, ConflictQuestion } from './conflict-material.ts';

export interface ConflictDiffProps {
  readonly question: ConflictQuestion;
  readonly material: ConflictMaterial | undefined;
  readonly onBack: () => void;
  readonly onHelp: () => void;
}

export const BACK_KEYS: KeyTable<'back' | 'help'> = [
  { keys: ['escape', 'd', 'q'], action: 'back', label: 'back to the question' },
  { keys: ['?'], action: 'help', label: 'help', help: 'all keys' },
];

/** What the two sides have of each other's; of what is no text, what each is. */
export function ConflictDiff({ question, material, onBack, onHelp }: ConflictDiffProps): ReactNode {
  useKeys(BACK_KEYS, (action) => (action === 'help' ? onHelp() : onBack()));
  const { columns, rows, glyphs } = useTerminal();
  return (
    <Box flexDirection="column">
      <Tone token="strong">{fitMiddle(question.conflict.path, columns, glyphs.ellipsis)}</Tone>
      <Tone token="dim">{legend(material, question)}</Tone>
      <Tone> </Tone>
      <Content material={material} question={question} height={Math.max(3, rows - 6)} />
      <Tone> </Tone>
      <KeyHints table={BACK_KEYS} />
    </Box>
  );
}

function legend(material: ConflictMaterial | undefined, { kept }: ConflictQuestion): string {
  if (material === undefined) return 'Reading both sides.';
  if (material.kind === 'binary') return 'These are no texts that could be compared.';
  return material.merge === 'no-base'
    ? `- is the ${kept === undefined ? 'local' : 'copy'}, + the ${kept === undefined ? 'remote one' : 'original'}. What they were before is not known.`
    : '- is what it was, + what each side made of it.';
}

function Content({
  material,
  question,
  height,
}: {
  readonly question: ConflictQuestion;
  readonly material: ConflictMaterial | undefined;
  readonly height: number;
}): ReactNode {
  if (material === undefined) return null;
  if (material.kind === 'texts') {
    if (material.rows.length === 0) return <Tone>The contents are equal; the executable bit differs.</Tone>;
    return <DiffView rows={material.rows} height={height} />;
  }
  return (
    <>
      <Tone>{`${question.kept === undefined ? 'local   ' : 'copy      '}${material.local}`}</Tone>
      <Tone>{`${question.kept === undefined ? 'remote  ' : 'original  '}${material.remote}`}</Tone>
    </>
  );
}
