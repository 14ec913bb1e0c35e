import { createElement } from 'react';
import { runScreen } from '../../run-screen.ts';
import type { TerminalHost } from '../../terminal.ts';
import { ConflictScreen } from './ConflictScreen.tsx';
import type { ConflictAnswer, ConflictMaterial, ConflictQuestion } from './conflict-material.ts';

/** @throws the reason of the interrupt; what `load` threw */
export function askConflict(
  host: TerminalHost,
  question: ConflictQuestion,
  load: () => Promise<ConflictMaterial>,
): Promise<ConflictAnswer> {
  return runScreen<ConflictAnswer>(
    host,
    ({ done }) => createElement(ConflictScreen, { question, load, onAnswer: done }),
    { fullScreen: true },
  );
}
