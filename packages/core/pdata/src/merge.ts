import type { BatchOf, Signal } from "./api.ts";
import { decodeEncoded } from "./batches.ts";
import { valueError } from "./pdata-error.ts";

/**
 * One batch with the content of all, in order. The groups of each batch stay apart, as they do when requests
 * are concatenated, which protobuf defines as their merge.
 *
 * @throws {PdataError} DBI_PDATA_VALUE for an empty list or batches of different signals.
 */
export function mergeBatches<S extends Signal>(batches: readonly BatchOf[S][]): BatchOf[S] {
  const first = batches[0];
  if (first === undefined) throw valueError("nothing to merge");
  const signal = first.signal as S;
  if (batches.some((batch) => batch.signal !== signal)) throw valueError("batches of different signals to merge");
  if (batches.length === 1) return first.fork() as BatchOf[S];
  let size = 0;
  let count = 0;
  const encoded = batches.map((batch) => {
    const bytes = batch.encode();
    size += bytes.length;
    count += batch.count;
    return bytes;
  });
  const merged = new Uint8Array(size);
  let at = 0;
  for (const bytes of encoded) {
    merged.set(bytes, at);
    at += bytes.length;
  }
  return decodeEncoded(signal, merged, count);
}
