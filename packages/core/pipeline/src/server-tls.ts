import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions, type Server, type TlsOptions } from "node:tls";
import { duration } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import { z } from "zod";
import { every, type Timer } from "./clock.ts";
import type { Host } from "./host.ts";

/** The setting `tls` of a listener; keys of the OpenTelemetry Collector's `configtls`. */
export const serverTlsSettings = z
  .strictObject({
    cert_file: z.string().describe("PEM file with the certificate and its chain."),
    key_file: z.string().describe("PEM file with the private key."),
    client_ca_file: z
      .string()
      .optional()
      .describe("PEM file with the authorities whose client certificates are required; absent asks for none."),
    min_version: z.enum(["1.2", "1.3"]).default("1.2").describe("Oldest TLS version that is accepted."),
    reload_interval: duration()
      .prefault("5m")
      .describe("Time between two looks whether the files have changed; 0s never looks again."),
  })
  .describe("Serve TLS. Absent means plain text.");

export type ServerTlsSettings = z.output<typeof serverTlsSettings>;

/** Certificate, key and authorities of a listener, as their files say now. */
export class ServerTls {
  readonly #settings: ServerTlsSettings;
  #current: SecureContextOptions;

  private constructor(settings: ServerTlsSettings, current: SecureContextOptions) {
    this.#settings = settings;
    this.#current = current;
  }

  /** Reads the files. Rejects with `DBI_FILE`, which names the setting, for one that cannot be read or used. */
  static async load(settings: ServerTlsSettings): Promise<ServerTls> {
    return new ServerTls(settings, await read(settings));
  }

  /** For `tls.createServer` and those that are built on it. */
  get options(): TlsOptions {
    const clients = this.#settings.client_ca_file === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
    return { ...this.#current, ...clients, handshakeTimeout: 10_000 };
  }

  /**
   * Gives the server new files when they have changed: for connections from then on. Files that cannot be used leave
   * the old ones in force, with a warning.
   */
  follow(server: Server, { clock, logger }: Pick<Host, "clock" | "logger">): Timer {
    const { reload_interval: intervalMs, cert_file: file } = this.#settings;
    if (intervalMs === 0) return { cancel: () => {} };
    const reload = async () => {
      try {
        const next = await read(this.#settings);
        if (same(next, this.#current)) return;
        this.#current = next;
        server.setSecureContext(next);
        logger.info({ cert_file: file }, "the certificate was replaced");
      } catch (error) {
        logger.warn({ error, cert_file: file }, "the certificate could not be read again; the old one stays in use");
      }
    };
    return every(clock, intervalMs, () => void reload());
  }
}

const files = ["cert", "key", "ca"] as const;

async function read(settings: ServerTlsSettings): Promise<SecureContextOptions> {
  const { cert_file, key_file, client_ca_file, min_version } = settings;
  const [cert, key, ca] = await Promise.all([
    pem("cert_file", cert_file),
    pem("key_file", key_file),
    client_ca_file === undefined ? undefined : pem("client_ca_file", client_ca_file),
  ]);
  const options = { cert, key, ...(ca === undefined ? {} : { ca }), minVersion: `TLSv${min_version}` as const };
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new DbintelError(`tls: ${(cause as Error).message}`, {
      code: "DBI_FILE",
      hint: `Check that ${cert_file} and ${key_file} are PEM files that belong together.`,
    });
  }
  return options;
}

function same(one: SecureContextOptions, other: SecureContextOptions): boolean {
  return files.every((file) => String(one[file] ?? "") === String(other[file] ?? ""));
}

async function pem(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DbintelError(`tls.${setting}: ${(cause as Error).message}`, {
      code: "DBI_FILE",
      hint: "Name a PEM file that the collector's user may read.",
      cause,
    });
  }
}
