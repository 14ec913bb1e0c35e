import { describe, expect, test } from 'vitest';
import { parseStoreUrl, pathsOverlap, placesOverlap } from '../../../src/config/url.ts';

describe('store URLs', () => {
  test.each([
    ['s3://bucket/a/b', { kind: 's3', bucket: 'bucket', prefix: 'a/b', url: 's3://bucket/a/b' }],
    ['s3://bucket/a/b/', { kind: 's3', bucket: 'bucket', prefix: 'a/b', url: 's3://bucket/a/b' }],
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '', url: 's3://bucket' }],
    ['s3://bucket/', { kind: 's3', bucket: 'bucket', prefix: '', url: 's3://bucket' }],
    ['s3://bucket/a%20b', { kind: 's3', bucket: 'bucket', prefix: 'a%20b', url: 's3://bucket/a%20b' }],
    ['file:///media/usb/', { kind: 'file', root: '/media/usb', url: 'file:///media/usb' }],
    ['file://localhost/x/../y', { kind: 'file', root: '/y', url: 'file:///y' }],
  ])('%s is understood', (raw, place) => {
    expect(parseStoreUrl(raw)).toEqual(place);
  });

  test.each([
    'http://bucket/a',
    's3://',
    's3://b',
    's3:///prefix',
    's3://bucket/../x',
    's3://bucket//x',
    's3://bucket/.s4',
    'file://relative/path',
    'file:///',
    '/plain/path',
  ])('%s is refused', (raw) => {
    expect(() => parseStoreUrl(raw)).toThrowError(expect.objectContaining({ code: 'USAGE' }));
  });

  test('a URL that holds credentials is refused without showing them', () => {
    expect(() => parseStoreUrl('s3://KEY:topsecret@bucket/x')).toThrowError(/credentials/);
    expect(() => parseStoreUrl('s3://KEY:topsecret@bucket/x')).not.toThrowError(/topsecret/);
  });
});

describe('overlap', () => {
  test('a path overlaps itself, its ancestors and its descendants, not a name that starts alike', () => {
    expect(pathsOverlap('/a/b', '/a/b')).toBe(true);
    expect(pathsOverlap('/a/b', '/a')).toBe(true);
    expect(pathsOverlap('/a', '/a/b')).toBe(true);
    expect(pathsOverlap('/folder1', '/folder10')).toBe(false);
  });

  test('prefixes overlap only in one bucket of one service', () => {
    const at = (url: string, endpoint?: string) => ({ place: parseStoreUrl(url), endpoint });
    expect(placesOverlap(at('s3://bucket/a'), at('s3://bucket/a/b'))).toBe(true);
    expect(placesOverlap(at('s3://bucket'), at('s3://bucket/a/b'))).toBe(true);
    expect(placesOverlap(at('s3://bucket/a'), at('s3://bucket/ab'))).toBe(false);
    expect(placesOverlap(at('s3://bucket/a'), at('s3://other/a'))).toBe(false);
    expect(placesOverlap(at('s3://bucket/a'), at('s3://bucket/a', 'https://else.example'))).toBe(false);
    expect(placesOverlap(at('file:///a'), at('file:///a/b'))).toBe(true);
    expect(placesOverlap(at('file:///a'), at('s3://bucket/a'))).toBe(false);
  });
});
