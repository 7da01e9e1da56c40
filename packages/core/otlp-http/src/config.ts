import { validateHeaderValue } from "node:http";
import { endpointUrl, headers, Secret } from "@dbintel/config";
import { checkDelivery, clientTlsSettings, deliverySettings } from "@dbintel/delivery";
import { authSettings } from "@dbintel/pipeline";
import { z } from "zod";

/** Headers that follow from the body: a value of its own would make a request that no server understands. */
const ownHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "transfer-encoding",
]);

/** A URL without credentials, which would be printed wherever the URL is. */
function endpoint() {
  return endpointUrl().superRefine((text, context) => {
    const url = URL.parse(text);
    const fail = (message: string) => context.addIssue({ code: "custom", message });
    if (url?.username || url?.password) {
      fail("must not hold a user or a password: use `headers`, whose values are never printed");
    } else if (url?.hash) {
      fail("must not have a fragment (#…)");
    }
  });
}

const requestHeaders = headers()
  .superRefine((values, context) => {
    for (const [name, value] of Object.entries(values)) {
      const fail = (message: string) => context.addIssue({ code: "custom", path: [name], message });
      if (ownHeaders.has(name.toLowerCase())) fail("is set by the exporter");
      else if (value instanceof Secret && !isHeaderValue(name, value.reveal()))
        fail("holds characters that an HTTP header cannot have");
    }
  })
  .prefault({});

function isHeaderValue(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** Compression levels: zlib's for gzip, zstd's own. */
const maxLevel = { gzip: 9, zstd: 22, none: 0 } as const;

/** The settings of `otlp_http`: the OpenTelemetry Collector's keys and defaults. */
export const otlpHttpConfig = z
  .strictObject({
    endpoint: endpoint()
      .optional()
      .describe("Where requests go; `/v1/logs`, `/v1/metrics` or `/v1/traces` is appended."),
    logs_endpoint: endpoint().optional().describe("The full URL for logs, instead of `endpoint`."),
    metrics_endpoint: endpoint().optional().describe("The full URL for metrics, instead of `endpoint`."),
    traces_endpoint: endpoint().optional().describe("The full URL for traces, instead of `endpoint`."),
    headers: requestHeaders.describe("Sent with each request; the values are secret."),
    auth: authSettings.optional(),
    compression: z.enum(["gzip", "zstd", "none"]).default("gzip").describe("How request bodies are compressed."),
    compression_params: z
      .strictObject({
        level: z
          .int()
          .positive()
          .optional()
          .describe("1 to 9 for gzip, 1 to 22 for zstd. Default 1 for gzip, 3 for zstd."),
      })
      .prefault({})
      .describe("Details of the compression."),
    encoding: z.enum(["proto", "json"]).default("proto").describe("OTLP as protobuf or as JSON."),
    tls: clientTlsSettings({
      insecure: "Accepted for compatibility, without effect: the scheme of the endpoint decides.",
    }).describe("For https endpoints; certificates are verified unless told otherwise."),
    ...deliverySettings({ timeout: "30s" }),
  })
  .superRefine(checkDelivery)
  .superRefine((config, context) => {
    const endpoints = [config.endpoint, config.logs_endpoint, config.metrics_endpoint, config.traces_endpoint];
    if (endpoints.every((url) => url === undefined)) {
      context.addIssue({ code: "custom", path: ["endpoint"], message: "is required, or an endpoint for each signal" });
    }
    const { level } = config.compression_params;
    const max = maxLevel[config.compression];
    if (level !== undefined && level > max) {
      const message = max === 0 ? "has no effect without compression" : `is at most ${max} for ${config.compression}`;
      context.addIssue({ code: "custom", path: ["compression_params", "level"], message });
    }
  });

export type OtlpHttpConfig = z.output<typeof otlpHttpConfig>;
