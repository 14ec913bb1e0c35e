import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parsePythonConfig } from '../../../src/config/python-config.ts';
import { decodePythonIndex, joinPythonIndexes } from '../../../src/config/python-index.ts';

// As Python S4 0.4.4 writes it.
const CONFIG = `{
     "targets": {
          "notes": {
               "local_folder": "/home/u/notes",
               "endpoint_url": null,
               "s3_uri": "s3://bucket/notes",
               "region_name": "eu-west-2",
               "aws_access_key_id": "AKIAEXAMPLE",
               "aws_secret_access_key": "wJalrXUtnFEMI"
          },
          "minio": {
               "local_folder": "/home/u/minio",
               "endpoint_url": "http://127.0.0.1:9000",
               "s3_uri": "s3://bucket/",
               "region_name": null,
               "aws_access_key_id": "k",
               "aws_secret_access_key": ""
          },
          "broken": {"local_folder": ""}
     }
}`;

describe("Python S4's configuration", () => {
  test('gives its targets, and names what cannot be used', () => {
    expect(parsePythonConfig(CONFIG, 'sync.conf')).toEqual({
      file: 'sync.conf',
      targets: [
        { name: 'minio', folder: '/home/u/minio', url: 's3://bucket/', endpoint: 'http://127.0.0.1:9000' },
        {
          name: 'notes',
          folder: '/home/u/notes',
          url: 's3://bucket/notes',
          region: 'eu-west-2',
          credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' },
        },
      ],
      unusable: ['broken'],
    });
  });

  test.each(['', '{', '[]', '{"targets": 3}'])('%j is an error, not no targets', (text) => {
    expect(() => parsePythonConfig(text, 'sync.conf')).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

const LOCAL = {
  'a.txt': { local_timestamp: 1485174384.7, remote_timestamp: 1485174384.7 },
  'deleted.txt': { local_timestamp: null, remote_timestamp: 1485174000.0 },
  'apart.txt': { local_timestamp: 1485174384.0, remote_timestamp: 1485174384.0 },
  'mine.txt': { local_timestamp: 1485174384.0, remote_timestamp: 1485174384.0 },
};
const REMOTE = {
  'a.txt': { local_timestamp: 1485174390.0, remote_timestamp: 1485174384.7 },
  'deleted.txt': { local_timestamp: null, remote_timestamp: 1485174000.0 },
  'apart.txt': { local_timestamp: 1485174391.0, remote_timestamp: 1485179999.0 },
};
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe("Python S4's index", () => {
  test.each([
    ['gzip', gzipSync(bytes(LOCAL))],
    ['zlib', deflateSync(bytes(LOCAL))],
    ['zlib, level 9', deflateSync(bytes(LOCAL), { level: 9 })],
    ['plain JSON', bytes(LOCAL)],
  ])('is read as %s', async (_form, encoded) => {
    const index = await decodePythonIndex(encoded);
    expect([...index.keys()]).toEqual(Object.keys(LOCAL));
    expect(index.get('a.txt')).toEqual({ ownS: 1485174384.7, agreedS: 1485174384.7 });
  });

  test('that Python S4 0.4.4 itself wrote is read', async () => {
    const written =
      'H4sICFcnAWsC/3RtcG5vMWs5N3hmAKpWMtQrqShRslKoVipKzc0vSY0vycxNLS5JzC0AChqaW5oaGZubG1roKCjl5Ccn5uCQ1rMwNDW0NDapBaozoq6JtQAAAAD//wMAJXFk1KQAAAA=';
    const index = await decodePythonIndex(Buffer.from(written, 'base64'));
    expect(index.get('1.txt')).toEqual({ ownS: 1795237718.8151934, agreedS: 1795237718 });
    expect([...index.keys()]).toEqual(['1.txt', '2.txt']);
  });

  test('an empty file is an empty index', async () => {
    expect((await decodePythonIndex(new Uint8Array())).size).toBe(0);
  });

  test.each([
    ['half a gzip', gzipSync(bytes(LOCAL)).subarray(0, 40)],
    ['half a zlib', deflateSync(bytes(LOCAL)).subarray(0, 40)],
    ['text', Buffer.from('a book index\n')],
    ['another JSON', bytes({ a: 3 })],
    ['an array', bytes([])],
  ])('%s is none', async (_form, encoded) => {
    await expect(decodePythonIndex(encoded)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
  });

  test('both sides together are evidence only where they agreed', async () => {
    const evidence = joinPythonIndexes(
      await decodePythonIndex(bytes(LOCAL)),
      await decodePythonIndex(bytes(REMOTE)),
    );
    expect([...evidence]).toEqual([['a.txt', { localS: 1485174384, remoteS: 1485174390 }]]);
  });
});
