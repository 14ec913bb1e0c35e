import { describe, expect, test } from 'vitest';
import { parseListing } from '../../../src/stores/s3/list-xml.ts';
import { XmlError } from '../../../src/stores/s3/xml.ts';

const item = (key: string, more = ''): string =>
  `<Contents><Key>${key}</Key><LastModified>2026-11-21T03:00:00.000Z</LastModified><ETag>&quot;abc&quot;</ETag><Size>5</Size>${more}</Contents>`;
const page = (body: string): string =>
  `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>${body}</ListBucketResult>`;
const keysOf = (source: string): readonly string[] => parseListing(source).items.map((each) => each.key);

describe('a listing', () => {
  test('keys are decoded only where the answer says they are encoded, wherever it says so', () => {
    const items = item('a%20b+c%2B%0D') + item('plain');
    expect(keysOf(page(`<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${items}`))).toEqual([
      'a b c+\r',
      'plain',
    ]);
    expect(keysOf(page(`${items}<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>`))).toEqual([
      'a b c+\r',
      'plain',
    ]);
    expect(keysOf(page(`<IsTruncated>false</IsTruncated>${items}`))).toEqual(['a%20b+c%2B%0D', 'plain']);
  });

  test('a key that is not UTF-8 is marked, and its neighbours are read', () => {
    const source = page(
      `<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${item('bad%FF+%C3%A9')}${item('ok')}`,
    );
    expect(keysOf(source)).toEqual(['bad\ufffd \u00e9', 'ok']);
  });

  test('an item is what its elements say', () => {
    const more = '<StorageClass>GLACIER</StorageClass><Owner><ID>x</ID></Owner>';
    expect(parseListing(page(`<IsTruncated>false</IsTruncated>${item('k', more)}`)).items[0]).toMatchObject({
      key: 'k',
      etag: 'abc',
      sizeBytes: 5,
      modifiedMs: Date.parse('2026-11-21T03:00:00Z'),
      storageClass: 'GLACIER',
      restored: false,
    });
  });

  test('versions and delete markers keep their order', () => {
    const version = (name: string, id: string, latest: boolean): string =>
      `<${name}><Key>k</Key><VersionId>${id}</VersionId><IsLatest>${latest}</IsLatest><LastModified>2026-11-21T03:00:00Z</LastModified>${name === 'Version' ? '<ETag>"e"</ETag><Size>1</Size>' : ''}</${name}>`;
    const source = `<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>1</NextVersionIdMarker>${version('Version', '3', true)}${version('DeleteMarker', '2', false)}${version('Version', '1', false)}</ListVersionsResult>`;
    const { items, truncated, next } = parseListing(source);
    expect(items.map((each) => [each.versionId, each.isDeleteMarker])).toEqual([
      ['3', false],
      ['2', true],
      ['1', false],
    ]);
    expect(truncated).toBe(true);
    expect(next).toEqual({ NextKeyMarker: 'k', NextVersionIdMarker: '1' });
  });

  test.each([
    ['another document', '<html><IsTruncated>false</IsTruncated></html>'],
    ['a page that does not say whether more comes', page(item('k'))],
    [
      'an item without a size',
      page(
        '<IsTruncated>false</IsTruncated><Contents><Key>k</Key><LastModified>2026-11-21T03:00:00Z</LastModified></Contents>',
      ),
    ],
    ['an item without a key', page(`<IsTruncated>false</IsTruncated>${item('')}`)],
    [
      'an item without a time',
      page('<IsTruncated>false</IsTruncated><Contents><Key>k</Key><Size>1</Size></Contents>'),
    ],
    ['half a page', page(item('k')).slice(0, -30)],
  ])('refuses %s', (_, source) => {
    expect(() => parseListing(source)).toThrow(XmlError);
  });
});
