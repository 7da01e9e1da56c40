import { defineReceiver } from "@dbintel/pipeline";
import { otlpConfig } from "./config.ts";
import { OtlpReceiver } from "./otlp.ts";

/** The receiver `otlp`: takes logs, metrics and traces over OTLP, by gRPC and HTTP. */
export const otlp = defineReceiver({
  type: "otlp",
  transport: "http",
  description: "Takes logs, metrics and traces over OTLP: gRPC, and HTTP as protobuf or JSON.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: otlpConfig,
  listeners: ({ protocols }) =>
    [protocols.http, protocols.grpc]
      .filter((protocol) => protocol !== undefined)
      .map(({ endpoint, tls, auth }) => ({ address: endpoint, guarded: tls !== undefined || auth !== undefined })),
  create: (args) => new OtlpReceiver(args),
});
