import { defineProcessor } from "@dbintel/pipeline";
import { filterConfig } from "./config.ts";
import { Filter } from "./filter.ts";

/** The processor `filter`: drops what a condition names. */
export const filter = defineProcessor({
  type: "filter",
  description: "Drops log records, spans, metrics and data points for which a CEL condition is true.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: filterConfig,
  create: ({ config, signal, next }) => new Filter({ config, signal, next }),
});
