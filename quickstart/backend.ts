import type { Logs, Metrics } from "@dbintel/pdata";
import { defineExporter, Graph, systemEnvironment } from "@dbintel/pipeline";
import { otlp } from "@dbintel/receiver-otlp";
import { z } from "zod";

/** What a small OTLP/HTTP backend does with what it gets. */
export interface BackendHandlers {
  onLogs(logs: Logs): void;
  onMetrics(metrics: Metrics): void;
}

/** An OTLP/HTTP backend in this process: the collector's own receiver, used as a library. */
export async function startBackend(port: number, handlers: BackendHandlers): Promise<Graph> {
  const screen = defineExporter({
    type: "screen",
    description: "Hands telemetry to the quickstart's screen.",
    schema: z.strictObject({}),
    signals: { logs: "stable", metrics: "stable" },
    create: ({ host }) => ({
      start: async () => {},
      stop: async () => {},
      consumers: {
        logs: {
          async consume(batch) {
            handlers.onLogs(batch);
            host.accounting.sent("logs", batch.count);
          },
        },
        metrics: {
          async consume(batch) {
            handlers.onMetrics(batch);
            host.accounting.sent("metrics", batch.count);
          },
        },
      },
    }),
  });
  const pipeline = { receivers: ["otlp"], processors: [], exporters: ["screen"] };
  const graph = new Graph(
    {
      receivers: new Map([["otlp", otlp({ protocols: { http: { endpoint: `127.0.0.1:${port}` } } })]]),
      processors: new Map(),
      exporters: new Map([["screen", screen()]]),
      connectors: new Map(),
      extensions: new Map(),
      service: {
        extensions: [],
        pipelines: new Map([
          ["logs", { ...pipeline, signal: "logs" }],
          ["metrics", { ...pipeline, signal: "metrics" }],
        ]),
      },
    },
    systemEnvironment(),
  );
  await graph.start();
  return graph;
}
