import type { Batch } from "@dbintel/pdata";
import type { Verbosity } from "./config.ts";
import { detailedLines } from "./detailed-text.ts";
import { normalLines } from "./normal-text.ts";

const itemNames = { logs: "records", metrics: "points", traces: "spans" } as const;

/** A batch as text of whole lines, as detailed as asked for. */
export function batchText(batch: Batch, verbosity: Verbosity): string {
  const lines = [summary(batch)];
  if (verbosity === "normal") lines.push(...normalLines(batch));
  if (verbosity === "detailed") lines.push(...detailedLines(batch));
  return `${lines.join("\n")}\n`;
}

function summary(batch: Batch): string {
  let resources = 0;
  for (const _ of batch.resources()) resources++;
  const counts = `resources=${resources} ${itemNames[batch.signal]}=${batch.count} bytes=${batch.byteSize}`;
  if (batch.signal !== "metrics") return `${batch.signal} ${counts}`;
  let metrics = 0;
  for (const _ of batch.metrics()) metrics++;
  return `${batch.signal} ${counts} metrics=${metrics}`;
}
