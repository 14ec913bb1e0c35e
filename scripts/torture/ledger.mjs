// What a writer did, one JSON object a line: so that it outlives the writer, and a person can search it.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { EMPTY } from './hash.mjs';

/**
 * @typedef {object} LedgerLine
 * @property {string} at
 * @property {string} edit
 * @property {string} [wrote] hash of a content that was not in the world before
 * @property {string} [path] where
 * @property {readonly {hash: string, path: string}[]} gone contents that this user had there, and replaced or deleted
 */

export function createLedger(file) {
  return {
    /** @param {{edit: string, wrote?: string, path?: string, gone?: readonly {hash: string, path: string}[]}} line */
    note: ({ gone = [], ...line }) =>
      appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...line, gone })}\n`),
  };
}

/**
 * Everything that was written and that users gave up, over several ledgers.
 * @returns {{written: Map<string, {client: string, path: string, edit: string, at: string}>, givenUp: Set<string>}}
 */
export function readLedgers(files) {
  const written = new Map();
  const givenUp = new Set();
  for (const { client, file } of files) {
    if (!existsSync(file)) continue;
    for (const text of readFileSync(file, 'utf8').split('\n')) {
      if (text === '') continue;
      /** @type {LedgerLine} */
      const { at, edit, wrote, path, gone } = JSON.parse(text);
      if (wrote !== undefined && wrote !== EMPTY) written.set(wrote, { client, path, edit, at });
      for (const { hash } of gone) givenUp.add(hash);
    }
  }
  return { written, givenUp };
}
