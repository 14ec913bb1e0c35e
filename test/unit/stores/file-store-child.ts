import type { ContentSource, ObjectKey } from '../../../src/engine/ports/store.ts';
import type { FileStep } from '../../../src/stores/file/file-context.ts';
import { openFileStore } from '../../../src/stores/file/open.ts';
import { realRuntime } from './test-runtime.ts';

/** What the parent asks for, as JSON in the first argument. */
export type ChildTask =
  | { readonly kind: 'count'; readonly root: string; readonly times: number }
  | { readonly kind: 'put'; readonly root: string; readonly text: string; readonly dieAt?: FileStep }
  | { readonly kind: 'delete'; readonly root: string; readonly dieAt?: FileStep };

const key = 'folder/f' as ObjectKey;

async function run(task: ChildTask): Promise<void> {
  const dieAt = 'dieAt' in task ? task.dieAt : undefined;
  const store = openFileStore({
    root: task.root,
    runtime: realRuntime(),
    atStep(step) {
      if (step === dieAt) process.kill(process.pid, 'SIGKILL');
    },
  });
  const put = (text: string, condition: Parameters<typeof store.put>[2]['condition']) =>
    store.put(key, sourceOf(text), {
      condition,
      metadata: { 's4-write': `${process.pid}-${text}` },
    });
  if (task.kind === 'put') await put(task.text, { kind: 'none' });
  if (task.kind === 'delete') await store.delete(key, { condition: { kind: 'none' } });
  if (task.kind !== 'count') return;
  for (let done = 0; done < task.times; ) {
    const got = await store.get(key);
    if (got.kind !== 'found') throw new Error(`the counter is ${got.kind}`);
    let text = '';
    for await (const chunk of got.body) text += new TextDecoder().decode(chunk);
    const next = String(Number(text) + 1);
    const outcome = await put(next, { kind: 'matches', etag: got.state.token.etag });
    if (outcome.kind === 'stored') done += 1;
  }
}

function sourceOf(text: string): ContentSource {
  const bytes = new TextEncoder().encode(text);
  return { sizeBytes: bytes.byteLength, read: async (start, end) => bytes.subarray(start, end) };
}

await run(JSON.parse(process.argv[2] ?? '') as ChildTask);
