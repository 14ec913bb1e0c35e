import { describe, expect, test } from 'vitest';
import { configDir } from '../../../src/config/config-dir.ts';
import { makeRedactor, parseSecret } from '../../../src/config/secret.ts';
import { checkTargetName, defaultTargetName } from '../../../src/config/target-name.ts';

describe('target names', () => {
  test.each(['notes', 'my notes', 'v1.2_final-3', 'Über', '東京', 'x'.repeat(64)])('%s is one', (name) => {
    expect(checkTargetName(name)).toBe(name);
  });

  test.each(['', '.hidden', '-flag', 'a/b', 'a:b', 'x'.repeat(65), 'stop', 'status', ' a', 'a\n'])(
    '%j is none',
    (name) => {
      expect(() => checkTargetName(name)).toThrowError(expect.objectContaining({ code: 'USAGE' }));
    },
  );

  test.each([
    ['/home/u/notes', 'notes'],
    ['/home/u/.config', 'config'],
    ['/home/u/a:b', 'a-b'],
    ['/home/u/status', 'status-folder'],
    ['/home/u/---', 'target'],
  ])('the default for %s is %s', (folder, name) => {
    expect(defaultTargetName(folder)).toBe(name);
    expect(checkTargetName(defaultTargetName(folder))).toBe(name);
  });
});

describe('the folder of the configuration', () => {
  const place = { home: '/home/u', cwd: '/cwd' };
  test('is the flag, else S4_CONFIG_DIR, else XDG, else ~/.config/s4', () => {
    const env = { S4_CONFIG_DIR: '/own', XDG_CONFIG_HOME: '/xdg' };
    expect(configDir({ ...place, env, flag: 'here' })).toBe('/cwd/here');
    expect(configDir({ ...place, env })).toBe('/own');
    expect(configDir({ ...place, env: { XDG_CONFIG_HOME: '/xdg' } })).toBe('/xdg/s4');
    expect(configDir({ ...place, env: { XDG_CONFIG_HOME: 'relative' } })).toBe('/home/u/.config/s4');
    expect(configDir({ ...place, env: { S4_CONFIG_DIR: '' } })).toBe('/home/u/.config/s4');
  });
});

describe('secrets', () => {
  test('the line end of a pipe is no part of a secret', () => {
    expect(parseSecret('abc/def+ghi\r\n')).toBe('abc/def+ghi');
    expect(parseSecret(' \n')).toBeUndefined();
  });

  test('known secrets go in every spelling', () => {
    const redact = makeRedactor(['wJalr/XUtnFEMI+K7']);
    expect(redact('secret wJalr/XUtnFEMI+K7!')).toBe('secret [redacted]!');
    expect(redact('?key=wJalr%2FXUtnFEMI%2BK7')).toBe('?key=[redacted]');
  });

  test('short words are no secrets: output stays readable', () => {
    expect(makeRedactor(['test'])('a test file')).toBe('a test file');
  });

  test('signatures and passwords in URLs go without being known', () => {
    const redact = makeRedactor([]);
    expect(redact('https://h/k?X-Amz-Signature=abcdef&x=1')).toBe(
      'https://h/k?X-Amz-Signature=[redacted]&x=1',
    );
    expect(redact('proxy http://user:pass@host:1')).toBe('proxy http://user:[redacted]@host:1');
  });
});
