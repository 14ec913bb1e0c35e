import { describe, expect, test } from 'vitest';
import { parseNotify } from '../../../src/config/notify.ts';

describe('--notify', () => {
  test.each([
    [
      'sqs:https://sqs.eu-west-1.amazonaws.com/123456789012/s4',
      { region: 'eu-west-1', arn: 'arn:aws:sqs:eu-west-1:123456789012:s4' },
    ],
    [
      'sqs:https://eu-west-1.queue.amazonaws.com/1/s4',
      { region: 'eu-west-1', arn: 'arn:aws:sqs:eu-west-1:1:s4' },
    ],
    [
      'sqs:https://sqs.cn-north-1.amazonaws.com.cn/1/s4',
      { region: 'cn-north-1', arn: 'arn:aws-cn:sqs:cn-north-1:1:s4' },
    ],
    ['sqs:http://127.0.0.1:5000/123456789012/s4', {}],
  ])('%s', (raw, expected) => {
    expect(parseNotify(raw)).toEqual({ url: raw.slice(4), ...expected });
  });

  test.each([
    'https://sqs.eu-west-1.amazonaws.com/1/s4',
    'sqs:',
    'sqs:my-queue',
    'sqs:https://sqs.eu-west-1.amazonaws.com/s4',
    'sqs:ftp://host/1/s4',
    'sqs:https://host/1/s4/more',
  ])('%s is refused', (raw) => {
    expect(() => parseNotify(raw)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('a secret in it is not shown', () => {
    expect(() => parseNotify('sqs:https://me:secret@host/1/s4')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });
});
