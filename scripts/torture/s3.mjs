// The four S3 requests that the checker needs, signed by hand (Signature Version 4): no code of s4's, nor the SDK.
import { createHash, createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';

const REGION = 'us-east-1';
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** @typedef {ReturnType<typeof createS3>} S3 */
/** @typedef {{key: string, versionId: string, isLatest: boolean, isMarker: boolean, etag: string, sizeBytes: number}} Version */

/** @param {{port: number, bucket: string, credentials: {accessKeyId: string, secretAccessKey: string}}} place */
export function createS3({ port, bucket, credentials }) {
  const get = async (key, query = {}, method = 'GET') => {
    const path = `/${[bucket, ...key.split('/')].map(encode).join('/')}`;
    const answer = await send(signed({ port, method, path, query, credentials }));
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer;
  };
  const pages = async (query, elementNames, markers) => {
    const found = [];
    for (let more = {}; more !== undefined; ) {
      const text = (await get('', { ...query, ...more })).body.toString();
      for (const name of elementNames) for (const xml of elements(text, name)) found.push({ name, xml });
      const next = markers.map(([from, to]) => [to, textOf(text, from)]);
      more =
        textOf(text, 'IsTruncated') === 'true'
          ? Object.fromEntries(next.filter(([, value]) => value !== ''))
          : undefined;
    }
    return found;
  };
  return {
    /** True when the service answers at all, also with a refusal; false while it starts. */
    isUp: async () => {
      try {
        const path = `/${bucket}/`;
        const { status } = await send(
          signed({ port, method: 'GET', path, query: { 'max-keys': '1' }, credentials }),
        );
        return status === 200 || status === 404;
      } catch {
        return false;
      }
    },
    /** @returns {Promise<{key: string, etag: string}[]>} */
    list: async () => {
      const found = await pages(
        { 'list-type': '2' },
        ['Contents'],
        [['NextContinuationToken', 'continuation-token']],
      );
      return found.map(({ xml }) => ({ key: textOf(xml, 'Key'), etag: textOf(xml, 'ETag') }));
    },
    /** @returns {Promise<Version[]>} */
    listVersions: async () => {
      const markers = [
        ['NextKeyMarker', 'key-marker'],
        ['NextVersionIdMarker', 'version-id-marker'],
      ];
      const found = await pages({ versions: '' }, ['Version', 'DeleteMarker'], markers);
      return found.map(({ name, xml }) => ({
        key: textOf(xml, 'Key'),
        versionId: textOf(xml, 'VersionId'),
        isLatest: textOf(xml, 'IsLatest') === 'true',
        isMarker: name === 'DeleteMarker',
        etag: textOf(xml, 'ETag'),
        sizeBytes: Number(textOf(xml, 'Size')),
      }));
    },
    /** Uploads in parts that nobody ended. */
    listOpenUploads: async () => {
      const text = (await get('', { uploads: '' })).body.toString();
      return elements(text, 'Upload').map((xml) => textOf(xml, 'Key'));
    },
    read: async (key, versionId) => {
      const { body, headers } = await get(key, versionId === undefined ? {} : { versionId });
      return { bytes: body, mode: headers['x-amz-meta-mode'] ?? '' };
    },
  };
}

function signed({ port, method, path, query, credentials }) {
  const amzDate = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const date = amzDate.slice(0, 8);
  const payload = sha256('');
  const headers = { host: `127.0.0.1:${port}`, 'x-amz-content-sha256': payload, 'x-amz-date': amzDate };
  const names = Object.keys(headers).sort();
  const canonicalQuery = Object.keys(query)
    .sort()
    .map((name) => `${encode(name)}=${encode(query[name])}`)
    .join('&');
  const canonicalHeaders = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const canonical = [method, path, canonicalQuery, canonicalHeaders, names.join(';'), payload].join('\n');
  const scope = `${date}/${REGION}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', amzDate, scope, sha256(canonical)].join('\n');
  const key = [date, REGION, 's3', 'aws4_request'].reduce(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const credential = `Credential=${credentials.accessKeyId}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const target = canonicalQuery === '' ? path : `${path}?${canonicalQuery}`;
  return { port, method, path: target, headers: { ...headers, authorization } };
}

function send(options) {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', agent, ...options }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.setTimeout(60_000, () => sent.destroy(new Error('no answer for a minute')));
    sent.once('error', reject);
    sent.end();
  });
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

function encode(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function elements(xml, name) {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, inner]) => inner);
}

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function textOf(xml, name) {
  const inner = elements(xml, name)[0] ?? '';
  return inner.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (_, hex, decimal, word) => {
    if (word !== undefined) return ENTITIES[word] ?? '';
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
