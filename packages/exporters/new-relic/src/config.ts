import { endpointUrl, secret } from "@dbintel/config";
import { checkDelivery, clientTlsSettings, deliverySettings } from "@dbintel/delivery";
import { documentedLimits, keyProblem, otlpEndpoints, regionOfKey, regions } from "@dbintel/new-relic";
import { initialValues } from "@dbintel/temporality";
import { z } from "zod";

const compressions = ["gzip", "zstd", "none"] as const;

/** The settings of `new_relic`. What New Relic wants otherwise than `otlp_http` does is the default here. */
export const newRelicConfig = z
  .strictObject({
    license_key: secret().describe("The account's licence key (INGEST - LICENSE)."),
    region: z.enum(regions).optional().describe("Region of the account. Default: that of the key."),
    endpoint: endpointUrl().optional().describe("Where requests go instead of the region's endpoint, such as a proxy."),
    contract: z
      .enum(["fix", "ignore"])
      .default("fix")
      .describe(
        "`fix` mends what New Relic would not store as it is and drops what it would; `ignore` sends all as it is.",
      ),
    temporality: z
      .enum(["delta", "unchanged"])
      .default("delta")
      .describe("`delta` turns totals of monotonic sums and histograms into changes, which New Relic prefers."),
    initial_value: z
      .enum(initialValues)
      .default("auto")
      .describe("What becomes of a series' first total, as in the processor `cumulative_to_delta`."),
    compression: z.enum(compressions).default("gzip").describe("How request bodies are compressed."),
    encoding: z.enum(["proto", "json"]).default("proto").describe("OTLP as protobuf or as JSON."),
    tls: clientTlsSettings({
      insecure: "Accepted for compatibility, without effect: the scheme of the endpoint decides.",
    }).describe("Certificates are verified unless told otherwise."),
    ...deliverySettings({ timeout: "30s" }),
  })
  .superRefine(checkDelivery)
  .superRefine(({ license_key, region, sending_queue: { batch } }, context) => {
    const key = license_key.reveal();
    const problem = keyProblem(key, region ?? regionOfKey(key));
    if (key.trim() === "") {
      const message = "is empty: set it to the account's licence key (INGEST - LICENSE)";
      context.addIssue({ code: "custom", path: ["license_key"], message });
    } else if (problem !== undefined) {
      context.addIssue({ code: "custom", path: ["license_key"], message: `${problem.message}: ${problem.hint}` });
    }
    const most = documentedLimits.requestBytes;
    if (batch !== undefined && (batch.sizer !== "bytes" || batch.max_size === 0 || batch.max_size > most)) {
      const message = `must be at most ${most} bytes, which is what New Relic takes in one request: write max_size: 1MB`;
      context.addIssue({ code: "custom", path: ["sending_queue", "batch", "max_size"], message });
    }
  });

export type NewRelicConfig = z.output<typeof newRelicConfig>;

/** Without a `batch` of its own; New Relic's recommendation for its exporter is 5 s and 10^6 bytes. */
const batch: NonNullable<NewRelicConfig["sending_queue"]["batch"]> = {
  sizer: "bytes",
  flush_timeout: 5000,
  min_size: 512 * 1024,
  max_size: documentedLimits.requestBytes,
};

/** The settings of the OTLP exporter that does the sending. */
export function otlpSettings(config: NewRelicConfig) {
  const { license_key, region, compression, encoding, tls, timeout, retry_on_failure, sending_queue, dead_letters } =
    config;
  return {
    endpoint: config.endpoint ?? otlpEndpoints[region ?? regionOfKey(license_key.reveal())],
    headers: { "api-key": license_key },
    compression_params: {},
    sending_queue: { ...sending_queue, batch: sending_queue.batch ?? batch },
    ...{ compression, encoding, tls, timeout, retry_on_failure, dead_letters },
  };
}
