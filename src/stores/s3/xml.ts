/** The document is not well-formed, or was cut off. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

export interface XmlHandler {
  /** `depth` of the root is 0. Names come without their namespace prefix. */
  open?(name: string, depth: number): void;
  /** `text` is all character data directly before the end tag: exact for leaf elements, which is all that S3 uses. */
  close(name: string, text: string, depth: number): void;
}

/**
 * Walks the subset of XML that S3 services answer with: elements, text, entities, CDATA, comments, processing
 * instructions; attributes are skipped. Linear in the length; never expands anything but the five named entities and
 * character references; a document type is refused.
 *
 * @throws XmlError for whatever is not well-formed, above all a document that ends early
 */
export function scanXml(source: string, handler: XmlHandler): void {
  const stack: string[] = [];
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  let text = '';
  let rooted = false;
  while (at < source.length) {
    const tag = source.indexOf('<', at);
    if (tag < 0) break;
    if (stack.length > 0 && tag > at) text += decodeEntities(source.slice(at, tag));
    else if (stack.length === 0) requireBlank(source, at, tag);
    const next = source.charCodeAt(tag + 1);
    if (next === BANG) {
      if (source.startsWith('<![CDATA[', tag)) {
        const end = find(source, ']]>', tag + 9);
        if (stack.length === 0) throw new XmlError('CDATA outside the root');
        text += source.slice(tag + 9, end);
        at = end + 3;
      } else if (source.startsWith('<!--', tag)) at = find(source, '-->', tag + 4) + 3;
      else throw new XmlError('document types are not accepted');
      continue;
    }
    if (next === QUESTION) {
      at = find(source, '?>', tag + 2) + 2;
      continue;
    }
    if (next === SLASH) {
      const end = find(source, '>', tag + 2);
      const name = localName(source.slice(tag + 2, end).trimEnd());
      if (stack.pop() !== name) throw new XmlError(`unexpected </${name}>`);
      handler.close(name, text, stack.length);
      text = '';
      at = end + 1;
      continue;
    }
    const end = tagEnd(source, tag + 1);
    const empty = source.charCodeAt(end - 1) === SLASH;
    const name = localName(tagName(source, tag + 1, empty ? end - 1 : end));
    if (stack.length === 0 && rooted) throw new XmlError('more than one root');
    if (stack.length >= MAX_DEPTH) throw new XmlError('nested too deeply');
    rooted = true;
    handler.open?.(name, stack.length);
    if (empty) handler.close(name, '', stack.length);
    else stack.push(name);
    text = '';
    at = end + 1;
  }
  if (stack.length > 0 || !rooted) throw new XmlError('the document ends early');
  requireBlank(source, at, source.length);
}

export interface XmlNode {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlNode[];
}

/** The document as a tree: for small answers. */
export function parseXml(source: string): XmlNode {
  const open: XmlNode[][] = [[]];
  scanXml(source, {
    open: () => {
      open.push([]);
    },
    close: (name, text) => {
      const children = open.pop() ?? [];
      open.at(-1)?.push({ name, text, children });
    },
  });
  const root = open[0]?.[0];
  if (root === undefined) throw new XmlError('no root');
  return root;
}

/** Text of the first child of that name. */
export function childText(node: XmlNode, name: string): string | undefined {
  return node.children.find((child) => child.name === name)?.text;
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n]/g, (unit) => `&#${unit.charCodeAt(0)};`);
}

const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const MAX_DEPTH = 64;

function find(source: string, what: string, from: number): number {
  const at = source.indexOf(what, from);
  if (at < 0) throw new XmlError('the document ends early');
  return at;
}

/** The `>` that ends a start tag: not one inside a quoted attribute value. */
function tagEnd(source: string, from: number): number {
  let at = from;
  for (;;) {
    const end = find(source, '>', at);
    const quote = firstQuote(source, at, end);
    if (quote < 0) return end;
    at = find(source, source.charAt(quote), quote + 1) + 1;
  }
}

function firstQuote(source: string, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const unit = source.charCodeAt(at);
    if (unit === 0x22 || unit === 0x27) return at;
  }
  return -1;
}

function tagName(source: string, from: number, to: number): string {
  let end = from;
  while (end < to && source.charCodeAt(end) > 0x20) end++;
  if (end === from) throw new XmlError('a tag without a name');
  return source.slice(from, end);
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function requireBlank(source: string, from: number, to: number): void {
  for (let at = from; at < to; at++)
    if (source.charCodeAt(at) > 0x20) throw new XmlError('text outside the root');
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  let at = text.indexOf('&');
  if (at < 0) return text;
  let decoded = '';
  let from = 0;
  while (at >= 0) {
    const end = text.indexOf(';', at + 1);
    if (end < 0 || end - at > 10) throw new XmlError('a bare &');
    decoded += text.slice(from, at) + decodeEntity(text.slice(at + 1, end));
    from = end + 1;
    at = text.indexOf('&', from);
  }
  return decoded + text.slice(from);
}

function decodeEntity(name: string): string {
  if (Object.hasOwn(NAMED, name)) return NAMED[name] ?? '';
  const digits = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
  if (digits === null) throw new XmlError('an unknown entity');
  const point = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
  if (point > 0x10ffff) throw new XmlError('a character reference out of range');
  return String.fromCodePoint(point);
}
