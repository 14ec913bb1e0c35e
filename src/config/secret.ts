/** A string that must never be shown. Made only by `parseSecret`. */
export type Secret = string & { readonly __brand: 'Secret' };

/** Trims the line end that `echo secret | s4 ...` leaves; undefined when nothing remains. */
export function parseSecret(raw: string): Secret | undefined {
  const value = raw.replace(/[\r\n]+$/, '').trim();
  return value === '' ? undefined : (value as Secret);
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret;
}

const REDACTED = '[redacted]';

// Shorter ones are words ("test"): replacing them would garble output and hide nothing.
const SHORTEST_REDACTED = 8;

/**
 * Makes the last filter before a terminal, a pipe or a log: known secrets, signatures of presigned URLs and the
 * password in a URL's authority become `[redacted]`.
 */
export function makeRedactor(secrets: Iterable<string>): (text: string) => string {
  const known = [...new Set(secrets)]
    .filter((secret) => secret.length >= SHORTEST_REDACTED)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret.toWellFormed()),
      JSON.stringify(secret).slice(1, -1),
    ])
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let out = text;
    for (const secret of known) out = out.replaceAll(secret, REDACTED);
    return out
      .replace(/([?&]X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"]+/gi, `$1${REDACTED}`)
      .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"]*:)[^\s/@"]+@/gi, `$1${REDACTED}@`);
  };
}
