import { createElement } from 'react';
import { runScreen } from '../../run-screen.ts';
import type { TerminalHost } from '../../terminal.ts';
import { GuardScreen } from './GuardScreen.tsx';
import type { HaltedPlan } from './guard-view.ts';

/** @returns whether the plan shall be carried out @throws the reason of the interrupt */
export function askApproval(host: TerminalHost, plan: HaltedPlan): Promise<boolean> {
  return runScreen<boolean>(host, ({ done }) => createElement(GuardScreen, { plan, onAnswer: done }), {
    fullScreen: true,
  });
}
