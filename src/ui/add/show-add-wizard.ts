import { createElement } from 'react';
import { runScreen } from '../run-screen.ts';
import type { TerminalHost } from '../terminal.ts';
import { AddWizard } from './AddWizard.tsx';
import type { Draft } from './draft.ts';
import type { AddFacts, AddPort } from './facts.ts';
import { startOf } from './reducer.ts';

/** Asks, from this draft on; resolves when the target is registered or the user left. */
export function showAddWizard(
  terminal: TerminalHost,
  facts: AddFacts,
  port: AddPort,
  draft: Draft,
): Promise<void> {
  return runScreen<void>(
    terminal,
    ({ done }) => createElement(AddWizard, { facts, port, start: startOf(draft), onEnd: () => done() }),
    { clear: true },
  );
}
