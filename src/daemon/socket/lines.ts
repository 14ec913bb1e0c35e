/** Cuts a stream of bytes into lines. */
export interface LineSplitter {
  /**
   * The lines that a chunk completes, without their ends. Undefined once a line is longer than allowed: nothing after
   * it can be trusted to be a line.
   */
  push(chunk: Uint8Array): readonly string[] | undefined;
}

const NEWLINE = 0x0a;

export function createLineSplitter(maxBytes: number): LineSplitter {
  let parts: Uint8Array[] = [];
  let size = 0;
  let tooLong = false;

  const take = (last: Uint8Array): string => {
    const line = Buffer.concat([...parts, last]).toString('utf8');
    parts = [];
    size = 0;
    return line;
  };

  return {
    push: (chunk) => {
      const lines: string[] = [];
      let from = 0;
      while (!tooLong && from < chunk.byteLength) {
        const end = chunk.indexOf(NEWLINE, from);
        const piece = chunk.subarray(from, end < 0 ? chunk.byteLength : end);
        tooLong = size + piece.byteLength > maxBytes;
        if (tooLong) break;
        if (end < 0) {
          // A copy: the stream may use its buffer again.
          parts.push(Uint8Array.from(piece));
          size += piece.byteLength;
          break;
        }
        const line = take(piece);
        if (line.trim() !== '') lines.push(line);
        from = end + 1;
      }
      if (!tooLong) return lines;
      parts = [];
      return undefined;
    },
  };
}
