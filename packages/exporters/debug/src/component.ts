import { defineExporter } from "@dbintel/pipeline";
import { debugConfig } from "./config.ts";
import { Debug } from "./debug.ts";

/** The `debug` exporter: prints telemetry for people. */
export const debug = defineExporter({
  type: "debug",
  description: "Prints telemetry to a standard stream, for people.",
  schema: debugConfig,
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  create: ({ config, host }) => new Debug({ config, host, output: process[config.output] }),
});
