// Stands in for `string-width` and `Intl.Segmenter` in the packages of the bundle: most of what a terminal shows takes one
// cell a character, and is counted and split without the tables of the real ones, which take 100 ms to load.

/**
 * ASCII, Latin letters, arrows, box drawing, Braille and the signs of s4's own screens: one cell each, a grapheme of its
 * own. Without what emoji are made of (#, * and digits are, but only together with a sign that is not here).
 */
const ONE_CELL =
  '\\u0020-\\u007e\\u00a1-\\u00a8\\u00aa-\\u00ac\\u00af-\\u024f\\u2010-\\u2027\\u2039\\u203a\\u2190-\\u2193\\u2212\\u2260\\u23ce\\u2500-\\u259f\\u25cb\\u25cf\\u2713\\u2717\\u2800-\\u28ff';
const NARROW = new RegExp(`^[${ONE_CELL}]*$`);
const NARROW_OR_STYLED = new RegExp(`^[${ONE_CELL}\\u001b]*$`);
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const STYLES = /\u001b\[[\d;]*m/g;

/** As the package's. `require` in a bundle runs a module at its first call. */
export default function stringWidth(text, options) {
  if (typeof text !== 'string') return 0;
  if (options === undefined) {
    const plain = text.includes('\u001b') ? text.replace(STYLES, '') : text;
    if (NARROW.test(plain)) return plain.length;
  }
  return require('string-width').default(text, options);
}

/** As `new Intl.Segmenter(locales, options)` of graphemes. */
export class Segmenter {
  #real;
  #args;

  constructor(...args) {
    this.#args = args;
  }

  segment(text) {
    if (NARROW_OR_STYLED.test(text)) {
      const segments = Array.from(text, (segment, index) => ({ segment, index }));
      return Object.assign(segments, { containing: (index = 0) => segments[index] });
    }
    this.#real ??= new Intl.Segmenter(...this.#args);
    return this.#real.segment(text);
  }
}
