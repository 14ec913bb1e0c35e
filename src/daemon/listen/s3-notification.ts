import * as z from 'zod';
import { compareKeys, parseKey, type RelPath } from '../../sync/path.ts';

/** One object that an event names. */
export interface NamedObject {
  readonly path: RelPath;
  readonly change: 'written' | 'copied' | 'removed';
  /** As it was written; undefined where the event does not say. */
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
}

/** What a message in the queue says. */
export type Notification =
  /** Objects below the target's prefix, sorted; possibly none: s4's own, other buckets and prefixes are left out. */
  | { readonly kind: 'objects'; readonly objects: readonly NamedObject[] }
  /** S3 sends it when notifications are set up. */
  | { readonly kind: 'test' }
  | { readonly kind: 'unusable'; readonly reason: string };

const snsEnvelope = z.object({ Type: z.literal('Notification'), Message: z.string() });
const testEvent = z.object({ Event: z.literal('s3:TestEvent') });
const record = z.object({
  eventName: z.string(),
  s3: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), eTag: z.string().optional(), versionId: z.string().nullish() }),
  }),
});
const records = z.object({ Records: z.array(z.unknown()) });

/** Reads an S3 event notification, as it came from S3 or through SNS. */
export function parseNotification(
  body: string,
  place: { readonly bucket: string; readonly prefix: string },
): Notification {
  const outer = parseJson(body);
  const envelope = snsEnvelope.safeParse(outer);
  const content = envelope.success ? parseJson(envelope.data.Message) : outer;
  if (testEvent.safeParse(content).success) return { kind: 'test' };
  const list = records.safeParse(content);
  if (!list.success) return { kind: 'unusable', reason: 'it is no event of S3' };
  const objects: NamedObject[] = [];
  for (const each of list.data.Records) {
    const parsed = record.safeParse(each);
    if (!parsed.success) return { kind: 'unusable', reason: 'it is no event about an object' };
    const { eventName, s3 } = parsed.data;
    if (s3.bucket.name !== place.bucket) continue;
    const path = pathOf(s3.object.key, place.prefix);
    const { eTag: etag, versionId } = s3.object;
    if (path !== undefined)
      objects.push({ path, change: changeOf(eventName), etag, versionId: versionId ?? undefined });
  }
  return { kind: 'objects', objects: objects.sort((a, b) => compareKeys(a.path, b.path)) };
}

function changeOf(eventName: string): NamedObject['change'] {
  if (/(?:^|:)(?:ObjectRemoved|LifecycleExpiration):/.test(eventName)) return 'removed';
  return eventName.endsWith('ObjectCreated:Copy') ? 'copied' : 'written';
}

/** Undefined for what is not the target's, and for keys that no folder can hold: a listing tells of those. */
function pathOf(encoded: string, prefix: string): RelPath | undefined {
  const key = decodeKey(encoded);
  const start = prefix === '' ? '' : `${prefix}/`;
  if (key?.startsWith(start) !== true) return undefined;
  const parsed = parseKey(key.slice(start.length));
  return parsed.ok ? parsed.path : undefined;
}

/** Keys come URL-encoded, with `+` for a space. */
function decodeKey(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
