import { type ReactNode, useEffect, useState } from 'react';
import { count } from '../../report/format.ts';
import { useTerminal } from '../components/terminal-context.ts';
import type { StepProps } from './AddWizard.tsx';
import type { BucketsView } from './facts.ts';
import type { TextQuestion } from './questions.ts';
import { TextStep } from './TextStep.tsx';

/** The bucket: listed where the keys may list, typed everywhere. */
export function BucketStep(props: StepProps & { readonly question: TextQuestion }): ReactNode {
  const { state, port, question } = props;
  const { glyphs } = useTerminal();
  const [buckets, setBuckets] = useState<BucketsView>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the keys do not change while the bucket is asked for
  useEffect(() => {
    const stop = new AbortController();
    const list = async (): Promise<void> => {
      const found = await port.buckets(state.draft, stop.signal);
      if (!stop.signal.aborted) setBuckets(found);
    };
    void list();
    return () => stop.abort(new Error('another question'));
  }, [port]);
  const names = buckets?.kind === 'listed' ? buckets.names : [];
  const note = noteOf(buckets, glyphs.ellipsis);
  return <TextStep {...props} question={{ ...question, suggestions: names }} note={note} />;
}

function noteOf(buckets: BucketsView | undefined, ellipsis: string): string {
  if (buckets === undefined) return `Looking for buckets${ellipsis}`;
  if (buckets.kind === 'failed')
    return `They cannot be listed: ${buckets.trouble.hint ?? buckets.trouble.message}`;
  return buckets.names.length === 0 ? 'There is none yet.' : `${count(buckets.names.length, 'bucket')}:`;
}
