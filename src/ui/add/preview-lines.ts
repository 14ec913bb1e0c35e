import { formatBytes } from '../../report/format.ts';
import { statusWords } from '../../report/status-view.ts';
import type { CostView, PreviewView } from './facts.ts';

/** What the first sync would do, in sentences. */
export function previewLines({ status, bytesUp, bytesDown }: PreviewView): readonly string[] {
  const words = statusWords(status);
  if (words === 'in sync') return ['Both sides are equal already: nothing to do.'];
  const sizes = [
    ...(bytesUp > 0 ? [`${formatBytes(bytesUp)} up`] : []),
    ...(bytesDown > 0 ? [`${formatBytes(bytesDown)} down`] : []),
  ].join(', ');
  return [
    `${words}${sizes === '' ? '' : ` (${sizes})`}. Both sides are united, nothing is deleted.`,
    ...(status.conflicts > 0 ? ['A file in conflict is not touched before it is decided.'] : []),
  ];
}

/** What a month costs, about. */
export function costLine(cost: CostView | undefined): string {
  if (cost === undefined) return 'The prices of this service are not known to s4.';
  const { storage, polls, firstSync, asOf } = cost;
  const once = firstSync >= 0.005 ? `, and ${dollars(firstSync)} once for the first sync` : '';
  return (
    `About ${dollars(storage + polls)} a month: ${dollars(storage)} for storage, ${dollars(polls)} for a daemon ` +
    `that looks twice a minute${once}. List prices of ${asOf}, without free tiers, traffic and old versions.`
  );
}

function dollars(amount: number): string {
  if (amount > 0 && amount < 0.01) return 'less than $0.01';
  return `$${amount.toFixed(2)}`;
}
