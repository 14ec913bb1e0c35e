import { describe, expect, test } from 'vitest';
import { parseNotification } from '../../../src/daemon/listen/s3-notification.ts';

const PLACE = { bucket: 'photos', prefix: 'me/all' };

function event(key: string, name = 'ObjectCreated:Put', bucket = 'photos', more: object = {}): string {
  return JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        eventName: name,
        s3: { bucket: { name: bucket }, object: { key, size: 3, eTag: 'e1', sequencer: '00', ...more } },
      },
    ],
  });
}

const throughSns = (message: string): string =>
  JSON.stringify({ Type: 'Notification', MessageId: '1', TopicArn: 'arn:aws:sns:x', Message: message });

const paths = (body: string, place = PLACE): readonly string[] | string => {
  const said = parseNotification(body, place);
  return said.kind === 'objects' ? said.objects.map(({ path }) => path) : said.kind;
};

describe('an event notification', () => {
  test.each([
    ['straight from S3', event('me/all/a.txt'), ['a.txt']],
    ['through SNS', throughSns(event('me/all/a.txt')), ['a.txt']],
    ['a space, a plus, and letters', event('me/all/a+b%2Bc/%C3%A9+%F0%9F%98%80.txt'), ['a b+c/é 😀.txt']],
    ['a folder', event('me/all/empty/'), ['empty']],
    ['a folder beside the prefix', event('me/all2/a.txt'), []],
    ['the prefix itself', event('me/all/'), []],
    ['another bucket', event('me/all/a.txt', 'ObjectCreated:Put', 'other'), []],
    ['objects of s4', event('me/all/.s4/bell'), []],
    ['a key that no folder can hold', event('me/all/../b'), []],
    ['a key that cannot be decoded', event('me/all/%ZZ'), []],
    ['no records', '{"Records":[]}', []],
    ['the test event', '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"photos"}', 'test'],
    ['the test event through SNS', throughSns('{"Event":"s3:TestEvent"}'), 'test'],
    ['no JSON', 'hello', 'unusable'],
    ['no object', '42', 'unusable'],
    ['another envelope', '{"Type":"SubscriptionConfirmation","Message":"x"}', 'unusable'],
    ['SNS around something else', throughSns('hello'), 'unusable'],
    ['a record of something else', '{"Records":[{"eventName":"x"}]}', 'unusable'],
    [
      'the key is a number',
      '{"Records":[{"eventName":"x","s3":{"bucket":{"name":"b"},"object":{"key":1}}}]}',
      'unusable',
    ],
  ])('%s', (_, body, expected) => {
    expect(paths(body)).toEqual(expected);
  });

  test('the whole bucket is a place too', () => {
    expect(paths(event('a.txt'), { bucket: 'photos', prefix: '' })).toEqual(['a.txt']);
  });

  test.each([
    ['ObjectCreated:Put', 'written'],
    ['s3:ObjectCreated:CompleteMultipartUpload', 'written'],
    ['ObjectCreated:Copy', 'copied'],
    ['ObjectRemoved:Delete', 'removed'],
    ['ObjectRemoved:DeleteMarkerCreated', 'removed'],
    ['LifecycleExpiration:Delete', 'removed'],
  ])('%s', (name, change) => {
    const said = parseNotification(event('me/all/a.txt', name, 'photos', { versionId: 'v1' }), PLACE);
    expect(said).toEqual({
      kind: 'objects',
      objects: [{ path: 'a.txt', change, etag: 'e1', versionId: 'v1' }],
    });
  });

  test('a version id of null is none', () => {
    const said = parseNotification(
      event('me/all/a', 'ObjectCreated:Put', 'photos', { versionId: null }),
      PLACE,
    );
    expect(said).toMatchObject({ objects: [{ versionId: undefined }] });
  });
});
