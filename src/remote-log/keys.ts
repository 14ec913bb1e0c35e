import type { ObjectKey } from '../engine/ports/store.ts';
import { isId } from '../formats/marker-codec.ts';

export const HEADS = '.s4/heads/';
export const BELL = '.s4/bell' as ObjectKey;

export function headKey(client: string): ObjectKey {
  return `${HEADS}${client}.json` as ObjectKey;
}

/** The client whose head lies at a key; undefined for anything else that somebody put there. */
export function headClient(key: string): string | undefined {
  const client = key.startsWith(HEADS) && key.endsWith('.json') ? key.slice(HEADS.length, -5) : '';
  return isId(client) ? client : undefined;
}

/** @param sequence - number of the segment's last entry; padded, so that a listing shows them in order */
export function segmentKey(client: string, sequence: number): ObjectKey {
  return `.s4/segments/${client}/${String(sequence).padStart(12, '0')}.json.gz` as ObjectKey;
}
