import type { TargetSettings } from '../config/schema.ts';
import type { Line } from '../report/line.ts';

/** Says plainly what cannot be promised in this store; nothing where all can. */
export function capabilityLines({ capabilities, url, name }: TargetSettings): readonly Line[] {
  const conditional = capabilities.putIfAbsent && capabilities.putIfMatch;
  const versioned = capabilities.versioning === 'enabled';
  const enable = url.startsWith('s3:') ? ` Enable it: s4 edit ${quoted(name)} --enable-versioning.` : '';
  const texts: string[] = [];
  if (!conditional && !versioned) {
    texts.push(
      'This store neither checks conditions on writes nor keeps versions: when two machines change the same file ' +
        `within the same moment, one version can be lost.${enable}`,
    );
  } else if (!conditional) {
    texts.push(
      'This store does not check conditions on writes: when two machines change the same file within the same moment, ' +
        'the overtaken version is recovered from its versions.',
    );
  } else if (!versioned) {
    texts.push(
      `Versioning is ${capabilities.versioning} here: files that are replaced or deleted cannot be restored from the store ` +
        `(the local trash keeps them for a while).${enable}`,
    );
  }
  if (!capabilities.listAfterWrite)
    texts.push(
      'Listings of this store lag behind its writes: deletions are taken over only after a second look.',
    );
  return texts.map((text) => ({ text: `Note: ${text}`, tone: 'warn', level: 'info' }));
}

function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `"${name}"`;
}
