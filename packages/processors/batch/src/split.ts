import type { BatchOf, Signal } from "@dbintel/pdata";

/** Pieces of a batch within both limits, in order; the batch itself where it is. A limit of 0 is none. */
export function split<S extends Signal>(batch: BatchOf[S], maxItems: number, maxBytes: number): readonly BatchOf[S][] {
  const byCount = maxItems > 0 && batch.count > maxItems ? batch.splitByCount(maxItems) : [batch];
  const pieces = byCount.flatMap((piece) =>
    maxBytes > 0 && piece.byteSize > maxBytes ? piece.splitByBytes(maxBytes) : [piece],
  );
  // The pieces of a batch are of its signal, which the union of the three split methods does not say.
  return pieces as BatchOf[S][];
}
