import { readFile } from "node:fs/promises";
import type { SecureContextOptions } from "node:tls";
import { DbintelError } from "@dbintel/errors";
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
    })
    .superRefine((settings, context) => {
      if ((settings.cert_file === undefined) === (settings.key_file === undefined)) return;
      const path = settings.cert_file === undefined ? "cert_file" : "key_file";
      context.addIssue({ code: "custom", path: [path], message: "cert_file and key_file belong together" });
    })
    .prefault({});
}

export type ClientTlsSettings = z.output<ReturnType<typeof clientTlsSettings>>;

/** Reads the files that the settings name: once, at the start of an exporter. Rejects with `DBI_CONFIG_UNREADABLE`. */
export async function loadClientTls(settings: ClientTlsSettings): Promise<SecureContextOptions> {
  const [ca, cert, key] = await Promise.all([
    readPem("ca_file", settings.ca_file),
    readPem("cert_file", settings.cert_file),
    readPem("key_file", settings.key_file),
  ]);
  return {
    minVersion: settings.min_version === "1.3" ? "TLSv1.3" : "TLSv1.2",
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function readPem(setting: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new DbintelError(`tls.${setting} cannot be read: ${path} (${reason})`, {
      code: "DBI_CONFIG_UNREADABLE",
      hint: "check that the file exists and that the collector's user may read it",
      cause,
    });
  }
}
