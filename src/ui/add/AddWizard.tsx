import { Box } from 'ink';
import { type Dispatch, type ReactNode, useEffect, useReducer, useState } from 'react';
import { Row, Tone } from '../components/Tone.tsx';
import { useTerminal } from '../components/terminal-context.ts';
import { useKeys } from '../keys/use-keys.ts';
import { fitMiddle, padEnd } from '../text/width.ts';
import { answerLines } from './answer-lines.ts';
import { BucketStep } from './BucketStep.tsx';
import { ChecksStep } from './ChecksStep.tsx';
import { ChoiceStep } from './ChoiceStep.tsx';
import { EMPTY_DRAFT } from './draft.ts';
import type { AddFacts, AddPort, FolderLook } from './facts.ts';
import { questionOf } from './questions.ts';
import { type AddAction, type AddState, addStep, isFirst, startOf } from './reducer.ts';
import { SummaryStep } from './SummaryStep.tsx';
import { stepsOf } from './steps.ts';
import { TextStep } from './TextStep.tsx';

export interface AddWizardProps {
  readonly facts: AddFacts;
  readonly port: AddPort;
  /** `finished`: the target is registered, or changed. `left`: nothing was done. */
  readonly onEnd: (how: 'finished' | 'left') => void;
  /** Where to start, for the gallery; by default at the first question. */
  readonly start?: AddState;
}

/** What every step is given. */
export interface StepProps {
  readonly state: AddState;
  readonly dispatch: Dispatch<AddAction>;
  readonly facts: AddFacts;
  readonly port: AddPort;
  readonly width: number;
}

/** `s4 add` as questions, one at a time; `s4 edit` is the same, filled in. */
export function AddWizard({ facts, port, onEnd, start }: AddWizardProps): ReactNode {
  const { columns } = useTerminal();
  const [state, dispatch] = useReducer(
    (now: AddState, action: AddAction) => addStep(now, action, facts),
    start ?? startOf(facts.before ?? EMPTY_DRAFT),
  );
  const [isBusy, setBusy] = useState(false);
  const look = useLook(state, facts, port);
  useKeys(
    [{ keys: ['escape'], action: 'back', label: 'back' }],
    () => (isFirst(state, facts) ? onEnd('left') : dispatch({ kind: 'back' })),
    { isActive: !isBusy },
  );
  const props = { state, dispatch, facts, port, width: columns };
  return (
    <Box flexDirection="column">
      <Header state={state} facts={facts} width={columns} look={look} />
      <Step {...props} look={look} onBusy={setBusy} onFinished={() => onEnd('finished')} />
    </Box>
  );
}

interface StepSwitchProps extends StepProps {
  readonly look: FolderLook | undefined;
  readonly onBusy: (isBusy: boolean) => void;
  readonly onFinished: () => void;
}

function Step({ look, onBusy, onFinished, ...props }: StepSwitchProps): ReactNode {
  const { state, facts, port } = props;
  if (state.step === 'checks') return <ChecksStep {...props} />;
  if (state.step === 'summary') return <SummaryStep {...props} onBusy={onBusy} onFinished={onFinished} />;
  const question = questionOf(state.step, state.draft, facts, port.defaultName(state.draft));
  if (question === undefined) return null;
  // A step's own state (the cursor) starts anew with each.
  if (question.kind === 'choice') return <ChoiceStep key={state.step} {...props} question={question} />;
  if (state.step === 'bucket') return <BucketStep key={state.step} {...props} question={question} />;
  const found = state.step === 'folder' ? look : undefined;
  return <TextStep key={state.step} {...props} question={question} {...(found && { look: found })} />;
}

interface HeaderProps {
  readonly state: AddState;
  readonly facts: AddFacts;
  readonly width: number;
  readonly look: FolderLook | undefined;
}

const LABEL_WIDTH = 11;

function Header({ state, facts, width, look }: HeaderProps): ReactNode {
  const { glyphs } = useTerminal();
  const steps = stepsOf(state.draft, facts);
  const name = facts.before?.name;
  const title = name === undefined ? 'Add a target' : `Edit target ${name}`;
  const where = `${steps.indexOf(state.step) + 1} of ${steps.length}`;
  const lines = answerLines(state.draft, facts, state.step, look);
  return (
    <Box flexDirection="column" marginBottom={1}>
      <Row>
        <Tone token="strong">
          {padEnd(fitMiddle(title, width - where.length - 1, glyphs.ellipsis), width - where.length)}
        </Tone>
        <Tone token="dim">{where}</Tone>
      </Row>
      {lines.map(({ label, value }) => (
        <Row key={label}>
          <Tone token="dim">{padEnd(label, LABEL_WIDTH)}</Tone>
          <Tone>{fitMiddle(value, width - LABEL_WIDTH, glyphs.ellipsis)}</Tone>
        </Row>
      ))}
    </Box>
  );
}

// While somebody types, each letter names another folder.
const PAUSE_MS = 250;

/** Counts what is in the folder; the count goes on while the next questions are answered. */
function useLook({ draft, step }: AddState, { mode }: AddFacts, port: AddPort): FolderLook | undefined {
  const [look, setLook] = useState<FolderLook>();
  const { folder } = draft;
  const isTyping = step === 'folder';
  // biome-ignore lint/correctness/useExhaustiveDependencies: the other answers do not change what is in the folder
  useEffect(() => {
    setLook(undefined);
    if (mode === 'edit' || folder === '' || port.fault('folder', draft) !== undefined) return;
    const stop = new AbortController();
    const begin = (): void => {
      port.look(draft, setLook, stop.signal).catch(() => setLook(undefined));
    };
    const timer = isTyping ? setTimeout(begin, PAUSE_MS) : undefined;
    if (!isTyping) begin();
    return () => {
      clearTimeout(timer);
      stop.abort(new Error('another folder'));
    };
  }, [folder, draft.createFolder, mode, port]);
  return look;
}
