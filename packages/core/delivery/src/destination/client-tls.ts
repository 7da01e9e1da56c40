import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { duration } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import { every, type Host, type Timer } from "@dbintel/pipeline";
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

export type ClientTlsSettings = z.output<ReturnType<typeof clientTlsSettings>>;

/** What the connections of an exporter are made with, as the files of its settings say now. */
export class ClientTls {
  readonly #settings: ClientTlsSettings;
  #current: SecureContextOptions;

  private constructor(settings: ClientTlsSettings, current: SecureContextOptions) {
    this.#settings = settings;
    this.#current = current;
  }

  /** Reads the files. Rejects with `DBI_CONFIG_UNREADABLE` for one that cannot be read or used. */
  static async load(settings: ClientTlsSettings): Promise<ClientTls> {
    return new ClientTls(settings, await read(settings));
  }

  get options(): SecureContextOptions {
    return this.#current;
  }

  /**
   * Looks at the files each `reload_interval` and calls `changed` when they hold something else: what connects from then
   * on is to use that. Files that cannot be used leave the old ones in force, with a warning.
   */
  follow({ clock, logger }: Pick<Host, "clock" | "logger">, changed: (options: SecureContextOptions) => void): Timer {
    const { reload_interval: intervalMs, ca_file, cert_file } = this.#settings;
    if (intervalMs === 0 || (ca_file === undefined && cert_file === undefined)) return { cancel: () => {} };
    let cancelled = false;
    const reread = async () => {
      try {
        const next = await read(this.#settings);
        if (cancelled || same(next, this.#current)) return;
        this.#current = next;
        changed(next);
        logger.info({ ca_file, cert_file }, "the files of tls were read again");
      } catch (error) {
        logger.warn(
          { error, ca_file, cert_file },
          "the files of tls cannot be used; what was read before stays in use",
        );
      }
    };
    const timer = every(clock, intervalMs, () => void reread());
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }
}

async function read(settings: ClientTlsSettings): Promise<SecureContextOptions> {
  const [ca, cert, key] = await Promise.all([
    readPem("ca_file", settings.ca_file),
    readPem("cert_file", settings.cert_file),
    readPem("key_file", settings.key_file),
  ]);
  const options: SecureContextOptions = {
    minVersion: `TLSv${settings.min_version}`,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown error";
    throw new DbintelError(`tls: the files cannot be used: ${reason}`, {
      code: "DBI_CONFIG_UNREADABLE",
      hint: "check that ca_file, cert_file and key_file are PEM files, and that certificate and key belong together",
      cause,
    });
  }
  return options;
}

function same(one: SecureContextOptions, other: SecureContextOptions): boolean {
  return (["ca", "cert", "key"] as const).every((part) => String(one[part] ?? "") === String(other[part] ?? ""));
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
