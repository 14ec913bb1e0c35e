/** Pulls up to `depth` items ahead of the consumer, so that two producers can work side by side. */
export async function* readAhead<T>(source: AsyncIterable<T>, depth: number): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const pending: Promise<IteratorResult<T>>[] = [];
  let ended = false;
  const pull = (): void => {
    const next = iterator.next();
    // Whoever awaits it in turn gets the error; until then it must not count as unhandled.
    next.catch(() => undefined);
    pending.push(next);
  };
  try {
    for (;;) {
      while (!ended && pending.length < depth) pull();
      const next = await pending.shift();
      if (next === undefined || next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!ended) await iterator.return?.();
  }
}
