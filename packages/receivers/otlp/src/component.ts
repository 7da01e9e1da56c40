import { defineReceiver } from "@dbintel/pipeline";
import { otlpConfig } from "./config.ts";
import { OtlpReceiver } from "./otlp.ts";

/** The receiver `otlp`: takes logs, metrics and traces over OTLP/HTTP. */
export const otlp = defineReceiver({
  type: "otlp",
  transport: "http",
  description: "Takes logs, metrics and traces over OTLP/HTTP, as protobuf or JSON.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: otlpConfig,
  listeners: ({ protocols: { http } }) =>
    http === undefined ? [] : [{ address: http.endpoint, guarded: http.tls !== undefined }],
  create: (args) => new OtlpReceiver(args),
});
