import type { Batch, Item } from "@dbintel/pdata";

/** What a batch counts: records, spans or points. One object serves all, as with every cursor. */
export function itemsOf(batch: Batch): Iterable<Item> {
  switch (batch.signal) {
    case "logs":
      return batch.records();
    case "traces":
      return batch.spans();
    case "metrics":
      return batch.points();
  }
}
