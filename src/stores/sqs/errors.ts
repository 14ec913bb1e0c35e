import { S4Error, type S4ErrorCode } from '../../lib/errors.ts';

/** What is read of an SDK error; nobody else looks at these. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const NETWORK_NAMES: ReadonlySet<string> = new Set(['TimeoutError', 'NetworkingError']);
const MISSING: ReadonlySet<string> = new Set([
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
]);
const SKEWED: ReadonlySet<string> = new Set(['RequestTimeTooSkewed', 'RequestExpired']);

/** Why a queue cannot be used, in the terms of stores. */
export function queueError(cause: unknown, url: string): S4Error {
  const error = (typeof cause === 'object' && cause !== null ? cause : {}) as SdkError;
  const { code, words, hint } = verdictOf(error, url);
  const detail = error.message === undefined || error.message === '' ? '' : ` (${error.message})`;
  return new S4Error(code, `${words}${detail}`, { hint, cause, data: { queue: url } });
}

interface Verdict {
  readonly code: S4ErrorCode;
  readonly words: string;
  readonly hint: string;
}

function verdictOf({ name = '', code, $metadata }: SdkError, url: string): Verdict {
  const status = $metadata?.httpStatusCode;
  if (MISSING.has(name))
    return {
      code: 'CONFIG_INVALID',
      words: `there is no queue ${url}`,
      hint: 'Check --notify, and the account.',
    };
  if (name === 'CredentialsProviderError')
    return {
      code: 'STORE_NO_CREDENTIALS',
      words: 'no credentials for the queue',
      hint: 'The queue is asked with the credentials of the target.',
    };
  if (SKEWED.has(name))
    return {
      code: 'STORE_CLOCK_SKEW',
      words: 'the clock of this machine is wrong',
      hint: 'Set the clock.',
    };
  if (status === 401 || status === 403)
    return {
      code: 'STORE_DENIED',
      words: 'the queue denies access',
      hint: 'See the policy that "s4 doctor TARGET --notify ..." prints.',
    };
  if (code !== undefined || NETWORK_NAMES.has(name) || status === 429 || (status ?? 0) >= 500)
    return {
      code: 'STORE_UNREACHABLE',
      words: 'the queue cannot be reached',
      hint: 'Check the network and --notify.',
    };
  return { code: 'STORE_FAILED', words: 'the queue refused the request', hint: 'Check --notify.' };
}
