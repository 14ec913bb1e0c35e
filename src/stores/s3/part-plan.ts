export interface PartPlan {
  readonly count: number;
  /** Of every part but the last, which may be smaller: some services want a fixed grid. */
  readonly partBytes: number;
}

const MIB = 1024 * 1024;
const SMALLEST_PART_BYTES = 8 * MIB;
const LARGEST_PART_BYTES = 5 * 1024 * MIB;
const MAX_PARTS = 10_000;

/**
 * Parts of 8 MiB, or of as many MiB as it takes to get by with 10,000. Undefined beyond 48.8 TiB, the largest object.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
export function planParts(sizeBytes: number, smallestBytes = SMALLEST_PART_BYTES): PartPlan | undefined {
  const needed = Math.ceil(sizeBytes / MAX_PARTS / MIB) * MIB;
  const partBytes = Math.max(smallestBytes, needed);
  if (partBytes > LARGEST_PART_BYTES) return undefined;
  return { count: Math.max(1, Math.ceil(sizeBytes / partBytes)), partBytes };
}
