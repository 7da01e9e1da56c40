import { checks } from "@dbintel/otlp-http";
import { defineExporter } from "@dbintel/pipeline";
import { newRelicConfig, otlpSettings } from "./config.ts";
import { NewRelic } from "./new-relic.ts";

/** The `new_relic` exporter: delivers OTLP to New Relic, by its contract. */
export const newRelic = defineExporter({
  type: "new_relic",
  aliases: ["newrelic"],
  description: "Delivers telemetry to New Relic: within its limits, as changes, mended where it would not be stored.",
  schema: newRelicConfig,
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  diagnosis: {
    checks,
    subjects: async ({ config, ...args }) => {
      const { subjects } = await import("@dbintel/otlp-http/diagnosis");
      return subjects({ ...args, config: otlpSettings(config) });
    },
  },
  create: (args) => new NewRelic(args),
});
