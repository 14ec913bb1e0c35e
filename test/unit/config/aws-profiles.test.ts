import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type AwsFiles,
  addAwsProfile,
  awsFiles,
  findAwsProfiles,
  hasAwsKeys,
} from '../../../src/config/aws-profiles.ts';
import { type Credentials, parseSecret } from '../../../src/config/secret.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let files: AwsFiles;
beforeEach(async () => {
  temp = await createTempDir();
  files = awsFiles({}, temp.path);
});
afterEach(() => temp.remove());

function write(file: 'config' | 'credentials', text: string): void {
  mkdirSync(join(temp.path, '.aws'), { recursive: true });
  writeFileSync(files[file], text);
}

const read = () => readFileSync(files.credentials, 'utf8');

function keys(secretAccessKey = 'topsecret+key/with=all'): Credentials {
  const secret = parseSecret(secretAccessKey);
  if (secret === undefined) throw new Error('no secret');
  return { accessKeyId: 'AKIDNEW', secretAccessKey: secret };
}

describe('AWS profiles', () => {
  test('are found in both files, and nothing secret comes along', () => {
    write(
      'config',
      '[default]\nregion = eu-west-1\n\n[profile work]\nsso_session = corp\nregion=us-west-2 ; here\n' +
        '[sso-session corp]\nsso_start_url = https://x\n[profile "two words"]\nrole_arn = arn\n' +
        '[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:9000\n',
    );
    write(
      'credentials',
      '# mine\n[default]\naws_access_key_id = AKID\naws_secret_access_key = topsecret\n' +
        '[minio]\naws_access_key_id=AKID2\naws_secret_access_key=topsecret2\nendpoint_url=http://127.0.0.1:9000\n',
    );
    const found = findAwsProfiles(files);
    expect(found).toEqual([
      { name: 'default', kind: 'keys', region: 'eu-west-1' },
      { name: 'minio', kind: 'keys', endpoint: 'http://127.0.0.1:9000' },
      { name: 'two words', kind: 'role' },
      { name: 'work', kind: 'sso', region: 'us-west-2' },
    ]);
    expect(JSON.stringify(found)).not.toContain('topsecret');
  });

  test('are none where there are no files, and other files are looked at when the environment names them', () => {
    expect(findAwsProfiles(files)).toEqual([]);
    const elsewhere = { AWS_CONFIG_FILE: '/c', AWS_SHARED_CREDENTIALS_FILE: '/k' };
    expect(awsFiles(elsewhere, '/home/u')).toEqual({ config: '/c', credentials: '/k' });
    expect(hasAwsKeys({ AWS_ACCESS_KEY_ID: 'a' })).toBe(false);
    expect(hasAwsKeys({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' })).toBe(true);
  });
});

describe('a new AWS profile', () => {
  test('is made with the file, readable by its owner only', () => {
    addAwsProfile(files, 's4', keys());
    expect(read()).toBe(
      '[s4]\naws_access_key_id = AKIDNEW\naws_secret_access_key = topsecret+key/with=all\n',
    );
    expect(statSync(files.credentials).mode & 0o777).toBe(0o600);
    expect(findAwsProfiles(files)).toEqual([{ name: 's4', kind: 'keys' }]);
    expect(readdirSync(join(temp.path, '.aws'))).toEqual(['credentials']);
  });

  test.each([
    ['with a line end', '# mine\r\n[old]\r\naws_access_key_id=x\r\n'],
    ['without one', '[old]\naws_access_key_id=x ; 2020'],
  ])('leaves what is in the file as it is, %s', (_, before) => {
    write('credentials', before);
    chmodSync(files.credentials, 0o644);
    addAwsProfile(files, 'new', keys());
    expect(read().startsWith(before)).toBe(true);
    expect(findAwsProfiles(files).map(({ name }) => name)).toEqual(['new', 'old']);
    expect(statSync(files.credentials).mode & 0o777).toBe(0o600);
  });

  test('never takes a name that either file has', () => {
    write('config', '[profile work]\nregion = x\n');
    write('credentials', '[old]\n');
    for (const name of ['work', 'old'])
      expect(() => addAwsProfile(files, name, keys())).toThrow(/There is an AWS profile/);
    expect(read()).toBe('[old]\n');
  });

  test.each(['a]\n[b', '', 'two words', 'x'.repeat(65)])('cannot be named %j', (name) => {
    expect(() => addAwsProfile(files, name, keys())).toThrow(/cannot be the name/);
  });

  test('takes no key that would break the file, and does not say it', () => {
    for (const secret of ['top\nsecret', 'top#secret', 'top secret'])
      expect(() => addAwsProfile(files, 'new', keys(secret))).toThrow(
        /characters that an AWS profile cannot/,
      );
    expect(() => read()).toThrow();
  });

  test('follows a link to the file, which stays one', () => {
    const real = join(temp.path, 'real');
    writeFileSync(real, '[old]\n');
    mkdirSync(join(temp.path, '.aws'));
    symlinkSync(real, files.credentials);
    addAwsProfile(files, 'new', keys());
    expect(readFileSync(real, 'utf8')).toContain('[old]\n\n[new]\n');
  });

  test('keeps what another program wrote in the same moment', () => {
    write('credentials', '[old]\n');
    let times = 0;
    addAwsProfile(files, 'new', keys(), () => {
      if (times++ === 0) write('credentials', '[old]\n[other]\n');
    });
    expect(times).toBe(2);
    expect(read()).toMatch(/^\[old\]\n\[other\]\n\n\[new\]\n/);
  });

  test('leaves the old file, and nothing beside it, when it fails before the new one is in place', () => {
    write('credentials', '[old]\n');
    const fail = (): never => {
      throw new Error('disk');
    };
    expect(() => addAwsProfile(files, 'new', keys(), fail)).toThrow('disk');
    expect(read()).toBe('[old]\n');
    expect(readdirSync(join(temp.path, '.aws'))).toEqual(['credentials']);
  });

  test('does not replace a file that it cannot read', () => {
    mkdirSync(files.credentials, { recursive: true });
    expect(() => addAwsProfile(files, 'new', keys())).toThrow(/cannot be read/);
  });
});
