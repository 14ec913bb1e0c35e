import { Box } from 'ink';
import { type ReactNode, useEffect, useState } from 'react';
import { SelectList } from '../components/SelectList.tsx';
import { useTerminal } from '../components/terminal-context.ts';
import { Words } from '../components/Words.tsx';
import { useKeys } from '../keys/use-keys.ts';
import type { Glyphs } from '../text/glyphs.ts';
import type { Token } from '../text/theme.ts';
import type { StepProps } from './AddWizard.tsx';
import { CHOICE_KEYS } from './ChoiceStep.tsx';
import { type CheckOption, checkOptions } from './check-options.ts';
import type { CheckView } from './facts.ts';
import { QuestionFrame } from './QuestionFrame.tsx';
import { useCursor } from './use-cursor.ts';

interface Found {
  /** Of which run. */
  readonly run: string;
  readonly checks: readonly CheckView[];
}

/** Tries the store, and offers a way on or out. */
export function ChecksStep(props: StepProps): ReactNode {
  const { state, dispatch, facts, port, width } = props;
  const { draft } = state;
  const [found, setFound] = useState<Found>({ run: '', checks: [] });
  const [attempt, setAttempt] = useState(0);
  const cursor = useCursor(0);
  // What a way out changes, and trying again. What an earlier run found is not shown for a moment as this one's.
  const run = JSON.stringify([attempt, draft.createBucket, draft.enableVersioning, draft.region]);
  const checks = found.run === run ? found.checks : [];
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rest of the answers does not change here
  useEffect(() => {
    cursor.move(0);
    const stop = new AbortController();
    const tell = (check: CheckView): void => {
      if (stop.signal.aborted) return;
      setFound((now) => ({
        run,
        checks: [...(now.run === run ? now.checks : []).filter(({ id }) => id !== check.id), check],
      }));
    };
    // What fails is told; it rejects only when nobody looks any more.
    port.check(draft, tell, stop.signal).catch(() => undefined);
    return () => stop.abort(new Error('another question'));
  }, [port, run]);
  const options = checks.length === 0 ? [] : checkOptions(checks, draft, facts);
  const take = (option: CheckOption | undefined): void => {
    if (option?.kind === 'go-on') dispatch({ kind: 'answered', patch: {} });
    if (option?.kind === 'retry') setAttempt(attempt + 1);
    if (option?.kind === 'repair') dispatch({ kind: 'repair', step: option.step });
    if (option?.kind === 'change') dispatch({ kind: 'changed', patch: option.patch });
  };
  useKeys([{ keys: ['enter'], action: 'take', label: 'go on' }], () => take(options[cursor.now()]));
  return (
    <QuestionFrame {...props} title="Trying it out" about={[]} keys={options.length === 0 ? [] : CHOICE_KEYS}>
      {checks.map((check) => (
        <CheckLine key={check.id} check={check} width={width} />
      ))}
      {options.length === 0 ? null : (
        <Box marginTop={1}>
          <SelectList
            items={options.map((option) => ({ key: option.label, label: option.label }))}
            selected={cursor.at}
            onMove={cursor.move}
            height={options.length}
            width={width}
          />
        </Box>
      )}
    </QuestionFrame>
  );
}

function CheckLine({ check, width }: { readonly check: CheckView; readonly width: number }): ReactNode {
  const { glyphs } = useTerminal();
  const { mark, token } = LOOKS[check.outcome];
  const running = check.outcome === 'running' ? glyphs.ellipsis : '';
  return (
    <Box flexDirection="column">
      <Words width={width} token={token} hang={2}>{`${mark(glyphs)} ${check.message}${running}`}</Words>
      {check.hint === undefined ? null : (
        <Words width={width} indent={2}>
          {check.hint}
        </Words>
      )}
    </Box>
  );
}

const LOOKS: Readonly<
  Record<CheckView['outcome'], { readonly mark: (glyphs: Glyphs) => string; readonly token: Token }>
> = {
  running: { mark: ({ dot }) => dot, token: 'dim' },
  ok: { mark: ({ good }) => good, token: 'good' },
  warning: { mark: ({ warn }) => warn, token: 'warn' },
  failed: { mark: ({ error }) => error, token: 'error' },
};
