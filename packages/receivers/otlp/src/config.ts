import { z } from "zod";
import { grpcSettings } from "./grpc/settings.ts";
import { httpSettings } from "./http/settings.ts";

/** The settings of the receiver `otlp`: keys of the OpenTelemetry Collector, limits on by default. */
export const otlpConfig = z.strictObject({
  protocols: z
    .strictObject({
      grpc: protocol(grpcSettings).describe(
        "OTLP over gRPC. Off unless the key is there; a key without a body means all defaults.",
      ),
      http: protocol(httpSettings).describe(
        "OTLP over HTTP. Off unless the key is there; a key without a body means all defaults.",
      ),
    })
    .refine(({ http, grpc }) => http !== undefined || grpc !== undefined, {
      error: "name a protocol: grpc, http or both",
    })
    .describe("What to listen for."),
});

export type OtlpConfig = z.output<typeof otlpConfig>;

/** `http:` without a body means on with defaults, as in the OpenTelemetry Collector. */
function protocol<Settings extends z.ZodType>(settings: Settings) {
  return settings
    .nullable()
    .transform((given) => given ?? settings.parse({}))
    .optional();
}
