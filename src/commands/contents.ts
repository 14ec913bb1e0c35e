import { createHash } from 'node:crypto';
import type { Folder } from '../engine/ports/folder.ts';
import type { ObjectKey, Store } from '../engine/ports/store.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { formatBytes } from '../report/format.ts';
import type { Line, Tone } from '../report/line.ts';
import { asText, unifiedDiff } from '../report/unified-diff.ts';
import type { RelPath } from '../sync/path.ts';

/** One side of a difference. */
export interface Side {
  readonly label: string;
  readonly content:
    | { readonly kind: 'absent' }
    | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
    | { readonly kind: 'large'; readonly sizeBytes: number };
}

/** More than this nobody reads in a terminal. */
const MAX_SHOWN_BYTES = 8 * 1024 * 1024;

export async function localSide(folder: Folder, path: RelPath, label: string): Promise<Side> {
  const now = await folder.stat(path);
  if (now?.kind !== 'file' && now?.kind !== 'symlink') return { label, content: { kind: 'absent' } };
  const bytes = await folder.readSmall(path, MAX_SHOWN_BYTES);
  const { sizeBytes } = now.fingerprint;
  return { label, content: bytes === undefined ? { kind: 'large', sizeBytes } : { kind: 'bytes', bytes } };
}

/** @param versionId - undefined: the current one */
export async function storedSide(
  store: Pick<Store, 'get'>,
  path: RelPath,
  options: { readonly versionId?: string; readonly label: string; readonly signal?: AbortSignal },
): Promise<Side> {
  const { label, versionId, signal } = options;
  const got = await store.get(path as string as ObjectKey, {
    ...(versionId !== undefined && { versionId }),
    ...(signal && { signal }),
  });
  if (got.kind !== 'found') return { label, content: { kind: 'absent' } };
  const { sizeBytes } = got.state.token;
  const chunks: Uint8Array[] = [];
  for await (const chunk of got.body) {
    // Begun and left: a body that nobody looks at would keep its connection.
    if (sizeBytes > MAX_SHOWN_BYTES) return { label, content: { kind: 'large', sizeBytes } };
    chunks.push(chunk);
  }
  return { label, content: { kind: 'bytes', bytes: Buffer.concat(chunks) } };
}

export type Difference =
  | { readonly kind: 'equal' }
  | { readonly kind: 'text'; readonly lines: readonly string[] }
  | { readonly kind: 'binary'; readonly before: string; readonly after: string };

/** A unified diff of texts; of everything else, what each is. */
export async function difference(before: Side, after: Side): Promise<Difference> {
  const [a, b] = [before.content, after.content];
  if (a.kind === 'absent' && b.kind === 'absent') return { kind: 'equal' };
  if (a.kind === 'bytes' && b.kind === 'bytes' && Buffer.compare(a.bytes, b.bytes) === 0)
    return { kind: 'equal' };
  const [mine, theirs] = [textOf(a), textOf(b)];
  if (mine === undefined || theirs === undefined)
    return { kind: 'binary', before: await describeContent(a), after: await describeContent(b) };
  const lines = unifiedDiff({ label: before.label, text: mine }, { label: after.label, text: theirs });
  return { kind: 'text', lines };
}

/** The text of a side; undefined for what is none. */
export function textOf(content: Side['content']): string | undefined {
  if (content.kind === 'absent') return '';
  return content.kind === 'bytes' ? asText(content.bytes) : undefined;
}

/** `image/png, 3.1 KiB, sha256 5891b5b5…` */
export async function describeContent(content: Side['content']): Promise<string> {
  if (content.kind === 'absent') return 'not there';
  if (content.kind === 'large') return formatBytes(content.sizeBytes);
  const { fileTypeFromBuffer } = await import('file-type');
  const type = (await fileTypeFromBuffer(content.bytes))?.mime ?? (asText(content.bytes) ? 'text' : 'data');
  const digest = createHash('sha256').update(content.bytes).digest('hex');
  return `${type}, ${formatBytes(content.bytes.byteLength)}, sha256 ${digest.slice(0, 16)}`;
}

export function differenceLines(found: Difference, before: Side, after: Side): readonly Line[] {
  switch (found.kind) {
    case 'equal':
      return [line('The contents are equal.')];
    case 'text':
      return found.lines.map((text) => line(escapeForTerminal(text), toneOf(text)));
    case 'binary':
      return [
        line(`${escapeForTerminal(before.label)}: ${found.before}`, 'delete'),
        line(`${escapeForTerminal(after.label)}: ${found.after}`, 'create'),
      ];
  }
}

function toneOf(text: string): Tone {
  if (text.startsWith('+')) return 'create';
  if (text.startsWith('-')) return 'delete';
  return text.startsWith('@') ? 'dim' : 'plain';
}

function line(text: string, tone: Tone = 'plain'): Line {
  return { text, tone, level: 'error' };
}
