import { defineProcessor } from "@dbintel/pipeline";
import { BatchProcessor } from "./batch.ts";
import { batchConfig } from "./config.ts";

/** The processor `batch`: joins small batches into larger ones. */
export const batch = defineProcessor({
  type: "batch",
  description: "Joins small batches into larger ones and splits large ones; answers when the joined batch was taken.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: batchConfig,
  create: (args) => new BatchProcessor(args),
});
