import type { CallOptions, ObjectKey } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import { createContext, type StoreContext } from './context.ts';
import { Fault, isAbsent, isNoUpload } from './errors.ts';
import { decodeListedKey } from './keys.ts';
import { type S3StoreOptions, UNPROVED } from './options.ts';
import type { S3Request } from './transport.ts';
import { scanXml, XmlError } from './xml.ts';

/** A multipart upload that was begun, and neither completed nor aborted: its parts are billed, and invisible. */
export interface OpenUpload {
  readonly key: ObjectKey;
  readonly uploadId: string;
  readonly startedMs: number;
}

/** The unfinished uploads below a prefix, whoever began them: a service does not tell. */
export interface Uploads {
  /** All of them, or an error. @throws S4Error STORE_* */
  list(options?: CallOptions): Promise<readonly OpenUpload[]>;
  /**
   * Drops the parts. An upload id is never used twice, so that nothing else can be hit; whoever still sends to it is
   * told that it is gone, and an s4 then begins anew. `gone`: it was completed or aborted meanwhile.
   *
   * @throws S4Error STORE_*
   */
  abort(upload: OpenUpload, options?: CallOptions): Promise<'aborted' | 'gone'>;
  close(): void;
}

/** Sends nothing before the first call. */
export function openUploads(options: S3StoreOptions): Uploads {
  const context = createContext(options, () => options.capabilities ?? UNPROVED);
  const { transport, keys } = context;
  return {
    list: ({ signal } = {}) => listAll(context, signal),
    abort: async ({ key, uploadId }, { signal } = {}) => {
      const request: S3Request = {
        operation: 'AbortMultipartUpload',
        method: 'DELETE',
        key: keys.full(key),
        query: { uploadId },
      };
      const { refusal } = await transport.call(request, { signal });
      if (refusal === undefined) return 'aborted';
      if (isNoUpload(refusal) || isAbsent(refusal)) return 'gone';
      throw transport.refused(request, refusal);
    },
    close: () => transport.session.close(),
  };
}

async function listAll(
  { transport, keys }: StoreContext,
  signal: AbortSignal | undefined,
): Promise<readonly OpenUpload[]> {
  const found: OpenUpload[] = [];
  const seen = new Set<string>();
  let cursor: Readonly<Record<string, string>> = {};
  for (;;) {
    const query = { uploads: '', 'encoding-type': 'url', prefix: keys.prefix, ...cursor };
    const request: S3Request = { operation: 'ListMultipartUploads', method: 'GET', query };
    const page = await transport.retrying(request, signal, async () => {
      const reply = await transport.attempt(request, { signal });
      if (reply.refusal !== undefined) throw transport.refused(request, reply.refusal);
      return understood(reply.body.toString('utf8'));
    });
    for (const { key, uploadId, startedMs } of page.uploads) {
      const relative = keys.relative(key);
      if (relative !== undefined) found.push({ key: relative, uploadId, startedMs });
    }
    if (page.next === undefined) return found;
    const text = JSON.stringify(page.next);
    if (seen.has(text))
      throw new S4Error('STORE_FAILED', 'the store cuts its list of uploads off', {
        hint: 'run it again; nothing was changed',
      });
    seen.add(text);
    cursor = page.next;
  }
}

interface UploadsPage {
  readonly uploads: readonly {
    readonly key: string;
    readonly uploadId: string;
    readonly startedMs: number;
  }[];
  readonly next: Readonly<Record<string, string>> | undefined;
}

function understood(text: string): UploadsPage {
  try {
    return parseUploads(text);
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw new Fault('the list of uploads cannot be understood', { cause });
  }
}

/** @throws XmlError for anything that is not a whole, sensible page */
export function parseUploads(source: string): UploadsPage {
  const items: Record<string, string>[] = [];
  const head: Record<string, string> = {};
  let fields: Record<string, string> = {};
  let root = '';
  scanXml(source, {
    open: (name, depth) => {
      if (depth === 0) root = name;
      else if (depth === 1) fields = {};
    },
    close: (name, text, depth) => {
      // Deeper elements name who began it.
      if (depth === 2) fields[name] = text;
      else if (depth === 1 && name === 'Upload') items.push(fields);
      else if (depth === 1) head[name] = text;
    },
  });
  if (root !== 'ListMultipartUploadsResult') throw new XmlError('not a list of uploads');
  const decode = (key: string): string => (head['EncodingType'] === 'url' ? decodeListedKey(key) : key);
  const uploads = items.map(({ Key: key, UploadId: uploadId, Initiated: initiated = '' }) => {
    const startedMs = Date.parse(initiated);
    if (key === undefined || uploadId === undefined || uploadId === '' || Number.isNaN(startedMs))
      throw new XmlError('an upload without a key, id or time');
    return { key: decode(key), uploadId, startedMs };
  });
  if (head['IsTruncated'] !== 'true') return { uploads, next: undefined };
  const { NextKeyMarker: key = '', NextUploadIdMarker: id = '' } = head;
  const next = { 'key-marker': decode(key), ...(id === '' ? {} : { 'upload-id-marker': id }) };
  return { uploads, next };
}
