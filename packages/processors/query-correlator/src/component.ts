import { defineProcessor } from "@dbintel/pipeline";
import { queryCorrelatorConfig } from "./config.ts";
import { QueryCorrelator } from "./query-correlator.ts";

/** The processor `query_correlator`: tells what a statement reads, its share of the load, and the trace it belongs to. */
export const queryCorrelator = defineProcessor({
  type: "query_correlator",
  aliases: ["querycorrelator"],
  description: "Tells of statements in log records their tables, their share of the database's load and their trace.",
  signals: { logs: "alpha" },
  schema: queryCorrelatorConfig,
  create: ({ id, config, host, next }) => new QueryCorrelator({ id, config, host, next }),
});
