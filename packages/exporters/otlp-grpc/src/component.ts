import { defineExporter } from "@dbintel/pipeline";
import { otlpGrpcConfig } from "./config.ts";
import { OtlpGrpc } from "./otlp-grpc.ts";

/** The `otlp_grpc` exporter: delivers OTLP over gRPC to any OTLP backend. */
export const otlpGrpc = defineExporter({
  type: "otlp_grpc",
  aliases: ["otlp"],
  description: "Delivers telemetry to any OTLP backend over gRPC, with queue, retry and batching.",
  schema: otlpGrpcConfig,
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  create: (args) => new OtlpGrpc(args),
});
