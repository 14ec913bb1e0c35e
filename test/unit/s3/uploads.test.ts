import { expect, test } from 'vitest';
import { parseUploads } from '../../../src/stores/s3/uploads.ts';
import { XmlError } from '../../../src/stores/s3/xml.ts';

const page = (body: string): string =>
  `<?xml version="1.0"?><ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>b</Bucket>${body}</ListMultipartUploadsResult>`;
const upload = (key: string, id = 'u1'): string =>
  `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiator><ID>arn:x</ID></Initiator><Initiated>2026-11-01T03:00:00.000Z</Initiated></Upload>`;

test('a list of unfinished uploads: keys decoded where they are encoded, and where the next page begins', () => {
  const startedMs = Date.UTC(2026, 10, 1, 3);
  expect(parseUploads(page(`<EncodingType>url</EncodingType>${upload('a%20b')}`))).toEqual({
    uploads: [{ key: 'a b', uploadId: 'u1', startedMs }],
    next: undefined,
  });
  const more = `<IsTruncated>true</IsTruncated><NextKeyMarker>a%20b</NextKeyMarker><NextUploadIdMarker>u1</NextUploadIdMarker>`;
  expect(parseUploads(page(`${more}${upload('a%20b')}`))).toEqual({
    uploads: [{ key: 'a%20b', uploadId: 'u1', startedMs }],
    next: { 'key-marker': 'a%20b', 'upload-id-marker': 'u1' },
  });
});

test.each([
  ['another answer', '<ListBucketResult></ListBucketResult>'],
  ['one that is cut off', page(upload('a')).slice(0, -12)],
  ['an upload without an id', page(upload('a', ''))],
  ['an upload without a time', page('<Upload><Key>a</Key><UploadId>u</UploadId></Upload>')],
])('%s is refused', (_, source) => {
  expect(() => parseUploads(source)).toThrow(XmlError);
});
