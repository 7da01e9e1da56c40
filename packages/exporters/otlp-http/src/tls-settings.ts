import { z } from "zod";

/** A TLS client's settings, the OpenTelemetry Collector's `configtls` keys; versions below 1.2 are not offered. */
export const tlsSettings = z
  .strictObject({
    insecure: z
      .boolean()
      .default(false)
      .describe("Accepted for compatibility, without effect: the scheme of the endpoint decides."),
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
  })
  .superRefine((settings, context) => {
    if ((settings.cert_file === undefined) === (settings.key_file === undefined)) return;
    const path = settings.cert_file === undefined ? "cert_file" : "key_file";
    context.addIssue({ code: "custom", path: [path], message: "cert_file and key_file belong together" });
  })
  .prefault({});

export type TlsSettings = z.output<typeof tlsSettings>;
