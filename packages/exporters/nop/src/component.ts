import { defineExporter } from "@dbintel/pipeline";
import { nopConfig } from "./config.ts";
import { NopExporter } from "./nop.ts";

/** The `nop` exporter of the OpenTelemetry Collector: takes everything, sends nothing anywhere. */
export const nop = defineExporter({
  type: "nop",
  description: "Accepts everything and keeps nothing: for trying a pipeline without a destination.",
  signals: { logs: "stable", metrics: "stable", traces: "stable" },
  schema: nopConfig,
  create: ({ host }) => new NopExporter(host),
});
