import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { openConfigFile } from '../../../src/config/config-file.ts';
import { parsePythonConfig } from '../../../src/config/python-config.ts';
import { decodePythonIndex, joinPythonIndexes } from '../../../src/config/python-index.ts';
import { secretsOf } from '../../../src/config/schema.ts';
import { makeRedactor } from '../../../src/config/secret.ts';
import { parseStoreUrl } from '../../../src/config/url.ts';
import { isApproved, rememberHalt } from '../../../src/engine/approval.ts';
import { isS4Error } from '../../../src/lib/errors.ts';
import { createMemoryDisk } from '../../support/memory-state.ts';
import type { Dice } from '../dice.ts';
import { hostileJson, hostileText, mutateBytes, mutateJson } from '../hostile.ts';
import { type FuzzTarget, fail, refusedOr } from '../target.ts';

const CAPABILITIES = {
  putIfAbsent: true,
  putIfMatch: true,
  multipartIfAbsent: true,
  multipartIfMatch: true,
  copyIfAbsent: true,
  copyIfMatch: true,
  deleteIfMatch: true,
  versioning: 'enabled',
  listAfterWrite: true,
  sortedListing: true,
};
const CONFIG = JSON.stringify({
  version: 1,
  targets: [
    {
      id: 'aaaaaaaaaaaaaaaa',
      clientId: 'cccccccccccccccc',
      name: 'notes',
      folder: '/home/u/notes',
      url: 's3://bucket/notes',
      conflicts: 'both',
      capabilities: CAPABILITIES,
      s3: { endpoint: 'http://127.0.0.1:9000', region: 'x' },
      credentials: { accessKeyId: 'key', secretAccessKey: 'a long secret' },
    },
  ],
});

let dir = '';

function damaged(text: string, dice: Dice): Buffer {
  const kind = dice.int(8);
  if (kind === 0) return Buffer.from(hostileJson(dice));
  return kind < 5 ? Buffer.from(mutateJson(text, dice)) : mutateBytes(Buffer.from(text), dice);
}

/** Any config is read whole or refused; what is read can be redacted, and its URLs are parsed or refused. */
export const config: FuzzTarget = {
  name: 'config',
  share: 2,
  short: 80,
  limitMs: 2000,
  async start() {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 's4-fuzz-config-')));
    mkdirSync(dir, { recursive: true });
  },
  run(dice) {
    writeFileSync(join(dir, 'config.json'), damaged(CONFIG, dice));
    const read = refusedOr(
      () => openConfigFile(dir).read(),
      (error) => isS4Error(error, 'CONFIG_INVALID'),
    );
    if (read === undefined) return;
    makeRedactor(secretsOf(read))(hostileText(dice));
    for (const { url } of read.targets)
      refusedOr(
        () => parseStoreUrl(url),
        (error) => isS4Error(error, 'USAGE'),
      );
  },
  async stop() {
    rmSync(dir, { recursive: true, force: true });
  },
};

const PYTHON_CONFIG = JSON.stringify({
  targets: {
    notes: { local_folder: '/n', s3_uri: 's3://b/n', aws_access_key_id: 'k', aws_secret_access_key: 's' },
  },
});
const PYTHON_INDEX = JSON.stringify({
  'a.txt': { local_timestamp: 1485174384.7, remote_timestamp: 1485174384.7 },
  'b/c.txt': { local_timestamp: null, remote_timestamp: 1485174384 },
});

/** Python S4's files are read or refused. */
export const python: FuzzTarget = {
  name: 'python',
  share: 4,
  short: 80,
  limitMs: 3000,
  async run(dice) {
    const text = damaged(PYTHON_CONFIG, dice).toString();
    refusedOr(
      () => parsePythonConfig(text, 'sync.conf'),
      (error) => isS4Error(error, 'CONFIG_INVALID'),
    );
    const plain = damaged(PYTHON_INDEX, dice);
    const packed = dice.pick([(bytes: Buffer) => bytes, gzipSync, deflateSync])(plain);
    const bytes = dice.oneIn(3) ? mutateBytes(packed, dice) : packed;
    try {
      const index = await decodePythonIndex(bytes);
      for (const [, { localS, remoteS }] of joinPythonIndexes(index, index))
        if (!Number.isFinite(localS) || !Number.isFinite(remoteS))
          fail('a time that is none', [localS, remoteS]);
    } catch (error) {
      if (!isS4Error(error, 'STATE_UNREADABLE')) throw error;
    }
  },
};

const GUARDED = [
  {
    kind: 'delete-local',
    key: 'a',
    local: {
      kind: 'file',
      key: 'a',
      executable: false,
      fingerprint: { inode: 1n, sizeBytes: 1, mtimeNs: 1n, ctimeNs: 1n },
    },
    base: {
      key: 'a',
      content: { kind: 'file', digest: 'd', sizeBytes: 1, executable: false },
      remote: { etag: 'e', sizeBytes: 1, modifiedMs: 0 },
    },
  },
] as unknown as Parameters<typeof rememberHalt>[1];

/** A damaged memory of a halted plan approves nothing that was not shown. */
export const halted: FuzzTarget = {
  name: 'halted',
  share: 5,
  short: 100,
  limitMs: 1000,
  async run(dice) {
    const disk = createMemoryDisk();
    const files = disk.open();
    await rememberHalt(files, []);
    const empty = Buffer.from(disk.read('halted.json') ?? []).toString();
    disk.write('halted.json', damaged(empty, dice));
    const approval = dice.oneIn(2) ? (/"id":"(\w+)"/.exec(empty)?.[1] ?? '') : hostileText(dice);
    if (await isApproved(files, approval, GUARDED)) fail('approved what was never shown');
  },
};
