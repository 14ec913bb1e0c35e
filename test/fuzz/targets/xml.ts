import type { IncomingHttpHeaders } from 'node:http';
import { rowFromJson, rowToJson } from '../../../src/formats/row-codec.ts';
import { isS4Error } from '../../../src/lib/errors.ts';
import { readRefusal, refusalError } from '../../../src/stores/s3/errors.ts';
import { decodeListedKey, encodeUri } from '../../../src/stores/s3/keys.ts';
import { parseListing } from '../../../src/stores/s3/list-xml.ts';
import { parseXml, XmlError } from '../../../src/stores/s3/xml.ts';
import type { RemoteToken } from '../../../src/sync/entry.ts';
import { ROWS } from '../../unit/formats/samples.ts';
import type { Dice } from '../dice.ts';
import { hostileKey, hostileText, mutateBytes } from '../hostile.ts';
import { type FuzzTarget, fail, refusedOr } from '../target.ts';

const VALUES = [
  '',
  '0',
  '-1',
  '5',
  '1e9',
  '99999999999999999999',
  '2026-11-21T03:00:00.000Z',
  '+275760-09-13T00:00:00.000Z',
  'true',
  'TRUE',
  'GLACIER',
  '"abc"',
  'W/"x"',
  'url',
  '&#x1b;[2J',
  '&lt;b&gt;',
  '%2e%2e%2f',
  '%ff%fe',
  'a+b',
  '<b>x</b>',
  '<![CDATA[<Key>]]>',
  '&bomb;',
  '<!---->',
  '\ufffd',
];

/** A page of a listing, more or less as services write it. */
export function listingXml(dice: Dice): string {
  const value = (): string => (dice.oneIn(40) ? 'x'.repeat(5000) : dice.pick(VALUES));
  const element = (name: string, text: string): string =>
    dice.oneIn(40) ? `<${name}>` : `<${name}>${dice.oneIn(8) ? value() : text}</${name}>`;
  const item = (): string => {
    const kind = dice.pick(['Contents', 'Contents', 'Version', 'DeleteMarker', 'CommonPrefixes']);
    const key = dice.oneIn(2) ? encodeUri(hostileKey(dice).toWellFormed()) : value();
    return element(
      kind,
      element('Key', key) +
        element('LastModified', '2026-11-21T03:00:00.000Z') +
        element('ETag', '"d41d8cd98f00b204e9800998ecf8427e"') +
        element('Size', String(dice.int(1e6))) +
        (dice.oneIn(3) ? element('VersionId', value()) : '') +
        (dice.oneIn(5) ? `<Owner>${element('ID', 'x')}</Owner>` : ''),
    );
  };
  return (
    `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
    element('EncodingType', 'url') +
    element('IsTruncated', dice.oneIn(4) ? 'true' : 'false') +
    (dice.oneIn(4) ? element('NextContinuationToken', value()) : '') +
    dice.some(4, item).join('') +
    '</ListBucketResult>'
  );
}

/** Headers of an object, with values from anywhere. */
export function objectHeaders(dice: Dice): IncomingHttpHeaders {
  const odd = (text: string): string =>
    dice.oneIn(4) ? dice.pick([...VALUES, 'y'.repeat(3000), hostileText(dice)]) : text;
  return {
    etag: odd('"d41d8cd98f00b204e9800998ecf8427e"'),
    'last-modified': odd('Sat, 21 Nov 2026 03:00:00 GMT'),
    'content-length': odd('5'),
    ...(dice.oneIn(3)
      ? { 'content-range': odd(`bytes 0-4/${dice.pick(['5', '9'.repeat(30), '9007199254740993'])}`) }
      : {}),
    ...(dice.oneIn(3) ? { 'x-amz-version-id': odd('v1') } : {}),
    ...(dice.oneIn(3) ? { 'x-amz-storage-class': odd('GLACIER') } : {}),
    ...(dice.oneIn(3) ? { date: odd('Sat, 21 Nov 2026 03:00:00 GMT'), 'retry-after': odd('5') } : {}),
    'x-amz-meta-mtime': odd('1732158727.5'),
    'x-amz-meta-__proto__': odd('x'),
  };
}

/** What a store says of an object must be fit for the base: a row that cannot be read again would spoil it. */
export function checkToken(token: RemoteToken): void {
  const [sample] = ROWS;
  if (sample === undefined) return;
  const row = { ...sample, remote: token };
  const again = rowFromJson(JSON.parse(JSON.stringify(rowToJson(row))));
  if (again.remote.etag !== token.etag || again.remote.sizeBytes !== token.sizeBytes)
    fail('another token', token);
}

function isRefusal(error: unknown): boolean {
  return error instanceof XmlError || isS4Error(error, 'STORE_FAILED');
}

/** Answers of a store are read or refused, in bounded time, and what is read can be kept. */
export const xml: FuzzTarget = {
  name: 'xml',
  share: 25,
  short: 600,
  limitMs: 2000,
  run(dice) {
    const source = listingXml(dice);
    const given = dice.oneIn(3) ? mutateBytes(Buffer.from(source), dice).toString() : source;
    const page = refusedOr(() => parseListing(given), isRefusal);
    for (const { etag, sizeBytes, modifiedMs } of page?.items ?? [])
      checkToken({ etag, sizeBytes, modifiedMs });
    refusedOr(() => parseXml(given), isRefusal);
    decodeListedKey(hostileText(dice) + dice.pick(VALUES));
    const refusal = readRefusal(400 + dice.int(200), objectHeaders(dice), given);
    refusalError(refusal, { operation: 'GetObject', bucket: 'b', key: hostileKey(dice), nowMs: 0 });
  },
};
