import { describe, expect, test } from 'vitest';
import { checkOverlap } from '../../../src/config/overlap.ts';
import type { TargetSettings } from '../../../src/config/schema.ts';
import { parseStoreUrl } from '../../../src/config/url.ts';

const notes = { name: 'notes', folder: '/home/u/notes', url: 's3://bucket/notes' } as TargetSettings;
const usb = { name: 'usb', folder: '/home/u/photos', url: 'file:///media/usb/photos' } as TargetSettings;

const check = (folder: string, url: string, endpoint?: string) =>
  checkOverlap({ folder, place: parseStoreUrl(url), endpoint }, [notes, usb]);

describe('a new target', () => {
  test.each([
    ['/home/u/notes/sub', 's3://bucket/else', /lies inside that of target "notes"/],
    ['/home/u', 's3://bucket/else', /holds that of target "notes"/],
    ['/home/u/notes', 's3://bucket/else', /already is that of target "notes"/],
    ['/home/u/new', 's3://bucket/notes/sub', /lies inside that of target "notes"/],
    ['/home/u/new', 's3://bucket', /holds that of target "notes"/],
    ['/home/u/new', 'file:///home/u/notes/store', /target "notes"/],
    ['/media/usb', 's3://bucket/else', /target "usb"/],
    ['/home/u/new', 'file:///home/u/new/store', /lie in each other/],
    ['/home/u/new/sub', 'file:///home/u/new', /lie in each other/],
  ])('%s <=> %s is refused, and says which', (folder, url, message) => {
    expect(() => check(folder, url)).toThrowError(expect.objectContaining({ code: 'FOLDER_NESTED' }));
    expect(() => check(folder, url)).toThrowError(message);
  });

  test.each([
    ['/home/u/notes2', 's3://bucket/notes2'],
    ['/home/u/new', 's3://other/notes'],
    ['/home/u/second-client', 's3://bucket/notes'],
    ['/home/u/new', 'file:///media/usb/else'],
  ])('%s <=> %s passes', (folder, url) => {
    expect(check(folder, url)).toBeUndefined();
  });

  test('the same bucket name at another service passes', () => {
    expect(check('/home/u/new', 's3://bucket/notes', 'https://s3.example.com')).toBeUndefined();
  });

  test('the very same one is found again', () => {
    expect(check('/home/u/notes', 's3://bucket/notes')).toBe(notes);
  });
});
