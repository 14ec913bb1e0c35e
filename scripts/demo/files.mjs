// The folder that the demo starts with: what people have in one, and what is awkward.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const TEXTS = {
  'notes/plan.txt': 'Monday: nothing\nTuesday: less\n',
  'notes/todo.txt': 'buy milk\n',
  'notes/old.txt': 'nobody needs this any more\n',
  'notes/.hidden': 'hidden, not ignored\n',
  'notes/ideas.md': '# Ideas\n\n- sync everything\n',
  'letters/Grüße aus Köln.txt': 'Viele Grüße!\n',
  'letters/日本語.txt': 'こんにちは\n',
  'letters/emoji 🎉.txt': 'party\n',
  'letters/Ωμέγα.txt': 'τέλος\n',
  'letters/100% & more; "quoted" + $HOME.txt': 'a name that shells and URLs dislike\n',
  'letters/ spaces  inside .txt': 'and around\n',
  'code/main.c': 'int main(void) { return 0; }\n',
  'code/empty.h': '',
  'code/deep/er/and/deeper/still.txt': 'here\n',
};
const BINARIES = {
  'pictures/cat.png': 60_000,
  'pictures/dog.png': 45_000,
  'pictures/icon.ico': 1,
  'music/song.ogg': 250_000,
  'archive.zip': 130_000,
  'code/a.out': 8_192,
};

export async function makeFiles(root) {
  for (const [path, text] of Object.entries(TEXTS)) await write(root, path, text);
  for (const [path, sizeBytes] of Object.entries(BINARIES)) await write(root, path, randomBytes(sizeBytes));
  await write(root, 'code/build.sh', '#!/bin/sh\necho built\n');
  await chmod(join(root, 'code/build.sh'), 0o755);
  await symlink('../notes/plan.txt', join(root, 'code/plan-link'));
  await mkdir(join(root, 'empty folder'));
}

/** Photos large enough to be caught half-way. */
export async function makePhotos(root, count, sizeBytes) {
  const paths = Array.from({ length: count }, (_, i) => `photos/photo-${String(i + 1).padStart(2, '0')}.jpg`);
  for (const path of paths) await write(root, path, randomBytes(sizeBytes));
  return paths;
}

async function write(root, path, content) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}
