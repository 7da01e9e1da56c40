import type { Batch } from "@dbintel/pdata";

/** Pieces of a batch within both limits, in order; the batch itself where it is. A limit of 0 is none. */
export function split(batch: Batch, maxItems: number, maxBytes: number): readonly Batch[] {
  const byCount: readonly Batch[] = maxItems > 0 && batch.count > maxItems ? batch.splitByCount(maxItems) : [batch];
  return byCount.flatMap((piece): readonly Batch[] =>
    maxBytes > 0 && piece.byteSize > maxBytes ? piece.splitByBytes(maxBytes) : [piece],
  );
}
