import { Box } from 'ink';
import { type ReactNode, useEffect, useState } from 'react';
import { Tone } from '../components/Tone.tsx';
import { useTerminal } from '../components/terminal-context.ts';
import { Words } from '../components/Words.tsx';
import type { KeyTable } from '../keys/key-table.ts';
import { useKeys } from '../keys/use-keys.ts';
import { cellWidth } from '../text/width.ts';
import type { StepProps } from './AddWizard.tsx';
import {
  type AnswerFlags,
  addFlags,
  commandLines,
  commandWords,
  editFlags,
  keepsInProfile,
  urlOf,
} from './command-line.ts';
import type { Draft } from './draft.ts';
import type { AddFacts, AddPort, PreviewView, Trouble } from './facts.ts';
import { costLine, previewLines } from './preview-lines.ts';
import { QuestionFrame } from './QuestionFrame.tsx';

export interface SummaryStepProps extends StepProps {
  readonly onBusy: (isBusy: boolean) => void;
  readonly onFinished: () => void;
}

/** Everything once more, what the first sync would do, what it costs; then it is done. */
export function SummaryStep({ onBusy, onFinished, ...props }: SummaryStepProps): ReactNode {
  const { state, dispatch, facts, port, width } = props;
  const { draft } = state;
  const { glyphs } = useTerminal();
  const [isWorking, setWorking] = useState(false);
  const preview = usePreview(draft, facts, port);
  const isEdit = facts.mode === 'edit';
  const finish = async (): Promise<void> => {
    setWorking(true);
    onBusy(true);
    const trouble = await port.finish(draft);
    if (trouble === undefined) return onFinished();
    onBusy(false);
    setWorking(false);
    dispatch({ kind: 'refused', trouble });
  };
  const offersRules = !isEdit && port.offersRules(draft);
  const keys: KeyTable<'finish' | 'rules'> = [
    { keys: ['enter'], action: 'finish', label: isEdit ? 'save' : 'add it' },
    ...(offersRules ? [{ keys: [' '], action: 'rules', label: 'ignore them' } as const] : []),
  ];
  useKeys(
    keys,
    (action) => {
      if (action === 'finish') void finish();
      else dispatch({ kind: 'changed', patch: { starterRules: !draft.starterRules } });
    },
    { isActive: !isWorking },
  );
  return (
    <QuestionFrame
      {...props}
      title={isEdit ? 'Save this?' : 'Add this target?'}
      about={isEdit && Object.keys(flagsOf(draft, facts, port)).length === 0 ? ['Nothing was changed.'] : []}
      trouble={state.trouble}
      keys={isWorking ? undefined : keys}
    >
      {isEdit ? null : <Preview preview={preview} width={width} where={draft.where} />}
      {offersRules ? (
        <Words width={width} hang={2} token={draft.starterRules ? 'plain' : 'dim'}>
          {`${draft.starterRules ? glyphs.checked : glyphs.unchecked} Space: ignore what editors and systems leave behind (.syncignore)`}
        </Words>
      ) : null}
      {keepsInProfile(draft) ? (
        <Words width={width}>{`The key goes into the new AWS profile ${draft.profileName}.`}</Words>
      ) : null}
      <Box marginTop={isEdit ? 0 : 1} flexDirection="column">
        <Words width={width} token="dim">
          The same by a command:
        </Words>
        {commandLines(commandOf(draft, facts, port), width - 2).map((line) =>
          cellWidth(line) > width - 2 ? (
            <Words key={line} width={width} indent={2} hang={2}>
              {line}
            </Words>
          ) : (
            <Tone key={line}>{`  ${line}`}</Tone>
          ),
        )}
      </Box>
      {isWorking ? (
        <Words width={width} token="dim">{`${isEdit ? 'Saving' : 'Adding'}${glyphs.ellipsis}`}</Words>
      ) : null}
    </QuestionFrame>
  );
}

function flagsOf(draft: Draft, facts: AddFacts, port: AddPort): AnswerFlags {
  const { before } = facts;
  return before === undefined
    ? addFlags(draft, facts, port.defaultName(draft))
    : editFlags(draft, before, facts);
}

function commandOf(draft: Draft, facts: AddFacts, port: AddPort): readonly string[] {
  const { before, extraWords } = facts;
  const flags = flagsOf(draft, facts, port);
  return before === undefined
    ? commandWords(['s4', 'add', draft.folder, urlOf(draft, facts)], flags, [...extraWords, '--yes'])
    : commandWords(['s4', 'edit', before.name], flags, extraWords);
}

/** Where nobody sends a bill, as far as one can know. */
const OWN: readonly string[] = ['folder', 'minio', 'seaweedfs', 'ceph'];

type PreviewState =
  | { readonly kind: 'running' }
  | { readonly kind: 'done'; readonly view: PreviewView }
  | { readonly kind: 'failed'; readonly trouble: Trouble };

function usePreview(draft: Draft, { mode }: AddFacts, port: AddPort): PreviewState {
  const [state, setState] = useState<PreviewState>({ kind: 'running' });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the answers do not change while they are looked at
  useEffect(() => {
    if (mode === 'edit') return;
    const stop = new AbortController();
    port.preview(draft, stop.signal).then(
      (view) => setState({ kind: 'done', view }),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        const message = error instanceof Error ? error.message : String(error);
        setState({ kind: 'failed', trouble: { message } });
      },
    );
    return () => stop.abort(new Error('another question'));
  }, [port, mode]);
  return state;
}

function Preview({
  preview,
  width,
  where,
}: {
  readonly preview: PreviewState;
  readonly width: number;
  readonly where: string;
}): ReactNode {
  const { glyphs } = useTerminal();
  switch (preview.kind) {
    case 'running':
      return (
        <Words width={width} token="dim">{`Looking at what the first sync would do${glyphs.ellipsis}`}</Words>
      );
    case 'failed':
      return (
        <Words width={width} token="warn">{`${glyphs.warn} No preview: ${preview.trouble.message}`}</Words>
      );
    case 'done':
      return (
        <Box flexDirection="column">
          <Words width={width} token="dim">
            The first sync:
          </Words>
          {previewLines(preview.view).map((line) => (
            <Words key={line} width={width} indent={2}>
              {line}
            </Words>
          ))}
          {OWN.includes(where) ? null : (
            <Words width={width} token="dim">
              {costLine(preview.view.cost)}
            </Words>
          )}
        </Box>
      );
  }
}
