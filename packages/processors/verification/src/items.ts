import type { Batch, Cursor, Item } from "@dbintel/pdata";

/**
 * What a batch counts: records, spans or points. To be walked by `advance` where it is hot, which allocates nothing,
 * while `for … of` allocates an object a step.
 */
export function itemsOf(batch: Batch): Cursor & Item {
  switch (batch.signal) {
    case "logs":
      return batch.records();
    case "traces":
      return batch.spans();
    case "metrics":
      return batch.points();
  }
}
