import { defineConnector } from "@dbintel/pipeline";
import { forwardConfig } from "./config.ts";
import { ForwardConnector } from "./forward.ts";

/** The `forward` connector of the OpenTelemetry Collector: joins pipelines of one signal. */
export const forward = defineConnector({
  type: "forward",
  description: "Passes what the pipelines that end in it carry to the pipelines that begin with it, signal by signal.",
  signals: { logs: { logs: "stable" }, metrics: { metrics: "stable" }, traces: { traces: "stable" } },
  schema: forwardConfig,
  create: ({ next }) => new ForwardConnector(next),
});
