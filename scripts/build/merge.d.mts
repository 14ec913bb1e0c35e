import type { BuildOptions, BuildResult } from 'esbuild';

export function mergeStart(
  result: BuildResult<{ write: false; metafile: true }>,
  entry: string,
  apart: readonly string[],
  options: BuildOptions,
): Promise<Map<string, Uint8Array>>;
