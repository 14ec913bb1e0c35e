// How the demo looks: narration, prompts, and output that is cut where it is long, never rewritten.
import process from 'node:process';

/** @typedef {ReturnType<typeof createStage>} Stage */

/** @param {string} root the demo's folder; it is shown as `…` */
export function createStage(root) {
  const colours = process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '';
  const style = (code, text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const write = (line) => process.stdout.write(`${line.replaceAll(root, '…')}\n`);
  let act = 0;
  return {
    act: (title) => {
      act++;
      write('');
      write(style('1', `${act}. ${title}`));
    },
    say: (line) => write(line),
    sayAsIs: (line) => process.stdout.write(`${line}\n`),
    command: (machine, words, { asTyped = false } = {}) => {
      const line = asTyped ? words.join(' ') : words.map((word) => quoted(String(word))).join(' ');
      write(style('36', `${machine}$ ${line}`));
    },
    /** The first lines and the last one. */
    output: (text, most) => {
      const lines = text.split('\n').filter((line, i, all) => line !== '' || i < all.length - 1);
      const head = lines.length <= most + 1 ? lines : lines.slice(0, most - 1);
      for (const line of head) write(line);
      if (lines.length <= most + 1) return;
      write(style('2', `… ${lines.length - most} more lines`));
      write(lines.at(-1));
    },
    checked: (line) => write(style('32', `  checked: ${line}`)),
  };
}

function quoted(word) {
  return /^[\w@%+=:,./~…-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
