import { createHash } from 'node:crypto';
import type { CallOptions, ObjectKey, StoreCapabilities } from '../../engine/ports/store.ts';
import { isS4Error } from '../../lib/errors.ts';
import { compareKeys } from '../../sync/path.ts';
import { readVersioning } from './bucket-requests.ts';
import type { StoreContext } from './context.ts';
import { isPreconditionFailed, type Refusal } from './errors.ts';
import { encodeUri, plainEtag, quotedEtag } from './keys.ts';
import { listObjects } from './list.ts';
import { cleanUp } from './probe-cleanup.ts';
import { type S3Request, xmlReply } from './transport.ts';
import { childText } from './xml.ts';

const WRONG_ETAG = 'ffffffffffffffffffffffffffffffff';
const RACERS = 5;
/** SeaweedFS 4.48 lets several conditional completions through, in one race of four. */
const COMPLETION_RACES = 8;
/** Siblings that services which list folder by folder give in another order than that of the bytes. */
const ORDER_NAMES = ['a', 'a!', 'a-b', 'a/b', 'a/c/d', 'a0', 'B', '\u00e9', '\uff5e', '\u{1f600}'];

/** Requests of one probe, below a folder of its own. */
interface Probe {
  readonly folder: string;
  full(name: string): string;
  /** Undefined where the request was carried out. */
  send(request: S3Request): Promise<Refusal | undefined>;
  /** Resolves with the ETag. */
  write(name: string): Promise<string>;
  putWith(name: string, headers: Readonly<Record<string, string>>): Promise<Refusal | undefined>;
}

/**
 * `Store.probe`: each condition is tried where it must fail and where it must hold. A 200 is no proof of anything but
 * that the service answers; only a refusal of what must be refused is.
 */
export async function probeStore(context: StoreContext, options: CallOptions): Promise<StoreCapabilities> {
  const { runtime } = context.transport;
  const folder = `.s4/probe/${runtime.randomHex(8)}/`;
  const probe = createProbe(context, folder, options.signal);
  try {
    const versioning = await readVersioning(context.transport, options.signal);
    // Also finds out whether the identity may write at all, before the rest is tried.
    await probe.write('first');
    const settled = await Promise.allSettled([
      probePut(probe),
      probeComplete(context, probe, options.signal),
      probeCopy(context, probe),
      probeDelete(probe),
      probeListing(context, probe, options),
    ]);
    const failed = settled.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const found = settled.map((each) => (each.status === 'fulfilled' ? each.value : {}));
    return Object.assign({ ...NOTHING, versioning }, ...found) as StoreCapabilities;
  } finally {
    await cleanUp(context, folder);
  }
}

const NOTHING: Omit<StoreCapabilities, 'versioning'> = {
  putIfAbsent: false,
  putIfMatch: false,
  multipartIfAbsent: false,
  multipartIfMatch: false,
  copyIfAbsent: false,
  copyIfMatch: false,
  deleteIfMatch: false,
  listAfterWrite: false,
  sortedListing: false,
};

type Found = Partial<Omit<StoreCapabilities, 'versioning'>>;

function createProbe(context: StoreContext, folder: string, signal: AbortSignal | undefined): Probe {
  const { transport, keys } = context;
  const full = (name: string): string => keys.full(`${folder}${name}` as ObjectKey);
  const put = (name: string, headers: Readonly<Record<string, string>>): S3Request => {
    const bytes = Buffer.from(transport.runtime.randomHex(8));
    const md5 = createHash('md5').update(bytes).digest();
    const all = { ...context.creationHeaders, ...headers };
    const body = { kind: 'bytes', bytes, md5 } as const;
    return { operation: 'PutObject', method: 'PUT', key: full(name), headers: all, body };
  };
  const send: Probe['send'] = async (request) => (await transport.call(request, { signal })).refusal;
  return {
    folder,
    full,
    send,
    putWith: (name, headers) => send(put(name, headers)),
    write: async (name) => {
      const request = put(name, {});
      const reply = await transport.call(request, { signal });
      if (reply.refusal !== undefined) throw transport.refused(request, reply.refusal);
      return plainEtag(reply.headers.etag);
    },
  };
}

const IF_ABSENT = { 'if-none-match': '*' };
const ifMatch = (etag: string): Record<string, string> => ({ 'if-match': quotedEtag(etag) });

/** The first must be refused for its condition, the second be carried out. A service's other refusals prove nothing. */
async function holds(
  refused: () => Promise<Refusal | undefined>,
  allowed: () => Promise<Refusal | undefined>,
): Promise<boolean> {
  try {
    const refusal = await refused();
    return refusal !== undefined && isPreconditionFailed(refusal) && (await allowed()) === undefined;
  } catch (error) {
    // A service that answers a condition with 500, time after time.
    if (isS4Error(error, 'STORE_FAILED')) return false;
    throw error;
  }
}

async function probePut(probe: Probe): Promise<Found> {
  const etag = await probe.write('put');
  const second = await probe.write('put');
  const third = await probe.write('put-race-2');
  const putIfAbsent =
    (await holds(
      () => probe.putWith('put', IF_ABSENT),
      () => probe.putWith('put-new', IF_ABSENT),
    )) && (await oneWins(() => probe.putWith('put-race', IF_ABSENT)));
  const putIfMatch =
    (await holds(
      () => probe.putWith('put', ifMatch(WRONG_ETAG)),
      async () => undefined,
    )) &&
    (await holds(
      () => probe.putWith('put', ifMatch(etag)),
      () => probe.putWith('put', ifMatch(second)),
    )) &&
    (await oneWins(() => probe.putWith('put-race-2', ifMatch(third)))) &&
    // On what is not there: 412 or 404, never a write.
    (await probe.putWith('put-never', ifMatch(second))) !== undefined;
  return { putIfAbsent, putIfMatch };
}

/** Some services check first and write later: of several at once, exactly one may come through. */
async function oneWins(race: () => Promise<Refusal | undefined>): Promise<boolean> {
  const refusals = await Promise.all(Array.from({ length: RACERS }, race));
  return refusals.filter((refusal) => refusal === undefined).length === 1;
}

async function oneWinsEach(racer: (race: number) => Promise<Refusal | undefined>): Promise<boolean> {
  const races = Array.from({ length: COMPLETION_RACES }, (_, race) => oneWins(() => racer(race)));
  return (await Promise.all(races)).every((won) => won);
}

async function probeComplete(
  context: StoreContext,
  probe: Probe,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const etag = await probe.write('parts');
  const second = await probe.write('parts-race-2');
  const complete = (name: string, headers: Readonly<Record<string, string>>): Promise<Refusal | undefined> =>
    completeOnePart(context, probe, name, headers, signal);
  return {
    multipartIfAbsent:
      (await holds(
        () => complete('parts', IF_ABSENT),
        () => complete('parts-new', IF_ABSENT),
      )) && (await oneWinsEach((race) => complete(`parts-race-${race}`, IF_ABSENT))),
    multipartIfMatch:
      (await holds(
        () => complete('parts', ifMatch(WRONG_ETAG)),
        () => complete('parts', ifMatch(etag)),
      )) && (await oneWins(() => complete('parts-race-2', ifMatch(second)))),
  };
}

async function completeOnePart(
  context: StoreContext,
  probe: Probe,
  name: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Refusal | undefined> {
  const { transport } = context;
  const key = probe.full(name);
  const created = await transport.call(
    {
      operation: 'CreateMultipartUpload',
      method: 'POST',
      key,
      query: { uploads: '' },
      headers: context.creationHeaders,
    },
    { signal },
  );
  if (created.refusal !== undefined) return created.refusal;
  const uploadId = childText(xmlReply(created), 'UploadId') ?? '';
  const sendBody = (request: Omit<S3Request, 'key' | 'body'>, text: string) => {
    const bytes = Buffer.from(text);
    const md5 = createHash('md5').update(bytes).digest();
    return transport.call({ ...request, key, body: { kind: 'bytes', bytes, md5 } }, { signal });
  };
  const part = await sendBody(
    { operation: 'UploadPart', method: 'PUT', query: { partNumber: '1', uploadId } },
    'part',
  );
  const etag = plainEtag(part.headers.etag);
  const completed = await sendBody(
    { operation: 'CompleteMultipartUpload', method: 'POST', query: { uploadId }, headers, slow: true },
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part><PartNumber>1</PartNumber><ETag>&quot;${etag}&quot;</ETag></Part></CompleteMultipartUpload>`,
  );
  if (completed.refusal !== undefined)
    await probe.send({ operation: 'AbortMultipartUpload', method: 'DELETE', key, query: { uploadId } });
  return completed.refusal;
}

async function probeCopy(context: StoreContext, probe: Probe): Promise<Found> {
  await probe.write('copy-source');
  const etag = await probe.write('copy');
  const second = await probe.write('copy-race-2');
  const source = `/${encodeUri(context.transport.bucket)}/${encodeUri(probe.full('copy-source'), true)}`;
  const copy = (name: string, headers: Readonly<Record<string, string>>): Promise<Refusal | undefined> =>
    probe.send({
      operation: 'CopyObject',
      method: 'PUT',
      key: probe.full(name),
      headers: { ...context.creationHeaders, ...headers, 'x-amz-copy-source': source },
      slow: true,
    });
  return {
    copyIfAbsent:
      (await holds(
        () => copy('copy', IF_ABSENT),
        () => copy('copy-new', IF_ABSENT),
      )) && (await oneWins(() => copy('copy-race', IF_ABSENT))),
    copyIfMatch:
      (await holds(
        () => copy('copy', ifMatch(WRONG_ETAG)),
        () => copy('copy', ifMatch(etag)),
      )) && (await oneWins(() => copy('copy-race-2', ifMatch(second)))),
  };
}

async function probeDelete(probe: Probe): Promise<Found> {
  const etag = await probe.write('delete');
  const remove = (wanted: string): Promise<Refusal | undefined> =>
    probe.send({
      operation: 'DeleteObject',
      method: 'DELETE',
      key: probe.full('delete'),
      headers: ifMatch(wanted),
    });
  const head = (): Promise<Refusal | undefined> =>
    probe.send({ operation: 'HeadObject', method: 'HEAD', key: probe.full('delete') });
  const deleteIfMatch =
    (await holds(
      () => remove(WRONG_ETAG),
      () => head(),
    )) &&
    (await remove(etag)) === undefined &&
    (await head())?.status === 404;
  return { deleteIfMatch };
}

async function probeListing(context: StoreContext, probe: Probe, options: CallOptions): Promise<Found> {
  const under = `${probe.folder}list/`;
  const names = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const page of listObjects(context, { ...options, under }))
      found.push(...page.map((object) => object.key.slice(under.length)));
    return found;
  };
  const written: string[] = [];
  for (const name of ORDER_NAMES) {
    try {
      await probe.write(`list/${name}`);
      written.push(name);
    } catch (error) {
      // What the service does not take cannot be in a listing either.
      if (!isS4Error(error, 'OBJECT_KEY_REFUSED', 'STORE_FAILED')) throw error;
    }
  }
  const listed = await names();
  const removed = written[0] ?? '';
  await probe.send({ operation: 'DeleteObject', method: 'DELETE', key: probe.full(`list/${removed}`) });
  const after = await names();
  const sorted = [...written].sort(compareKeys);
  const same = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === b.length && a.every((name, index) => name === b[index]);
  return {
    listAfterWrite:
      same([...listed].sort(compareKeys), sorted) &&
      same(
        [...after].sort(compareKeys),
        sorted.filter((name) => name !== removed),
      ),
    sortedListing: same(listed, sorted),
  };
}
