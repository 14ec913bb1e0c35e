// C0, DEL, C1; then what moves or reverses text on a terminal, or breaks a line: bidirectional controls, separators,
// zero-width marks; and lone surrogates.
const DANGEROUS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text from outside (names, messages of services) as it may go to a terminal: control characters and escape sequences
 * become visible, `\n`, `\x1b`, `\u202e`. Not reversible: a name that holds a backslash is shown as it is.
 */
export function escapeForTerminal(text: string): string {
  return text.replace(DANGEROUS, (char) => NAMED[char] ?? hex(char));
}

function hex(char: string): string {
  const code = char.charCodeAt(0);
  return code <= 0xff
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** One line of JSON that is pure of raw control characters, so that `--json` on a terminal is harmless too. */
export function jsonLine(value: unknown): string {
  const json = JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? member.toString() : member,
  );
  return json.replace(DANGEROUS, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
