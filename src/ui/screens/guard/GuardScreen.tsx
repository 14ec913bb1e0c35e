import { Box } from 'ink';
import { type ReactNode, useState } from 'react';
import { KeyHints } from '../../components/KeyHints.tsx';
import { Scrollable } from '../../components/Scrollable.tsx';
import { TextField } from '../../components/TextField.tsx';
import { Row, Tone } from '../../components/Tone.tsx';
import { useTerminal } from '../../components/terminal-context.ts';
import type { KeyTable } from '../../keys/key-table.ts';
import { useKeys } from '../../keys/use-keys.ts';
import { cellWidth, fitMiddle, wrapWords } from '../../text/width.ts';
import { approvalNumber, groupPlan, type HaltedPlan, type PlanGroup } from './guard-view.ts';

export interface GuardScreenProps {
  readonly plan: HaltedPlan;
  readonly onAnswer: (isApproved: boolean) => void;
}

const KEYS: KeyTable<'leave'> = [
  { keys: ['enter'], action: 'leave', label: 'do it' },
  { keys: ['escape'], action: 'leave', label: 'change nothing' },
];

/** Why a guard halted, what would be done, and the number that must be typed for it. */
export function GuardScreen({ plan, onAnswer }: GuardScreenProps): ReactNode {
  const { columns, rows } = useTerminal();
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState('');
  const groups = groupPlan(plan.operations);
  const { count, noun } = approvalNumber(plan.operations);
  const reasons = plan.guards.flatMap(({ message }) => wrapWords(sentence(message), columns - 2));
  useKeys(KEYS, () => onAnswer(false));
  const submit = (text: string): void => {
    if (text.trim() === String(count)) onAnswer(true);
    else setWrong(text.trim() === '' ? 'Nothing was typed.' : `That is not ${count}. Nothing was done.`);
  };
  const height = Math.max(3, rows - reasons.length - 10);
  return (
    <Box flexDirection="column">
      <Tone token="error">{`Halted: nothing was changed in ${plan.target}`}</Tone>
      {reasons.map((text) => (
        <Tone key={text} token="strong">{`  ${text}`}</Tone>
      ))}
      <Tone> </Tone>
      <Tone token="dim">What would be done, by folder:</Tone>
      <Scrollable
        count={groups.length}
        height={height}
        renderLine={(index) => <GroupLine group={groups[index]} />}
      />
      <Tone> </Tone>
      <Row>
        <Tone>{`Type ${count}, the number of ${noun}: `}</Tone>
        <TextField
          value={typed}
          width={12}
          onChange={(text) => {
            setTyped(text);
            setWrong('');
          }}
          onSubmit={submit}
        />
      </Row>
      <Tone token="error">{wrong === '' ? ' ' : wrong}</Tone>
      <KeyHints table={KEYS} />
    </Box>
  );
}

function GroupLine({ group }: { readonly group: PlanGroup | undefined }): ReactNode {
  const { columns, glyphs } = useTerminal();
  if (group === undefined) return null;
  const token = group.what.startsWith('deleted') ? 'delete' : 'update';
  const head = `  ${String(group.files).padStart(5)} ${group.what}  `;
  return (
    <Row>
      <Tone token={token}>{head}</Tone>
      <Tone>{fitMiddle(group.folder, Math.max(4, columns - cellWidth(head)), glyphs.ellipsis)}</Tone>
    </Row>
  );
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
