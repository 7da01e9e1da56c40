import { duration } from "@dbintel/config";
import { z } from "zod";

/**
 * The setting `tls` of an exporter, the OpenTelemetry Collector's `configtls` keys; versions below 1.2 are not offered.
 * `insecure` says what that key does there.
 */
export function clientTlsSettings(options: { readonly insecure: string }) {
  return z
    .strictObject({
      insecure: z.boolean().default(false).describe(options.insecure),
      insecure_skip_verify: z
        .boolean()
        .default(false)
        .describe("Accept any certificate: whoever answers gets the data and the headers."),
      ca_file: z
        .string()
        .min(1)
        .optional()
        .describe("PEM file with the certificates to trust, instead of those that come with Node."),
      cert_file: z.string().min(1).optional().describe("PEM file with the client's own certificate."),
      key_file: z.string().min(1).optional().describe("PEM file with the key of `cert_file`."),
      min_version: z.enum(["1.2", "1.3"]).default("1.2").describe("The oldest TLS version to accept."),
      server_name_override: z
        .string()
        .min(1)
        .optional()
        .describe("The name that the server's certificate must have, when it is not that of the endpoint."),
      reload_interval: duration()
        .prefault("5m")
        .describe("Time between two looks whether the files have changed; 0s never looks again."),
    })
    .superRefine((settings, context) => {
      if ((settings.cert_file === undefined) === (settings.key_file === undefined)) return;
      const path = settings.cert_file === undefined ? "cert_file" : "key_file";
      context.addIssue({ code: "custom", path: [path], message: "cert_file and key_file belong together" });
    })
    .prefault({});
}
