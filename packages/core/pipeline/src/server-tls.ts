import type { Server, TlsOptions } from "node:tls";
import { duration } from "@dbintel/config";
import { z } from "zod";
import type { Timer } from "./clock.ts";
import type { Host } from "./host.ts";
import { TlsFiles } from "./tls-files.ts";

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

/** What a listener that serves TLS is made with. */
export class ServerTls {
  readonly #files: TlsFiles;
  readonly #clients: TlsOptions;

  private constructor(files: TlsFiles, clients: TlsOptions) {
    this.#files = files;
    this.#clients = clients;
  }

  /** Reads the files. Rejects with `DBI_FILE`, which names the setting, for one that cannot be read or used. */
  static async load(settings: z.output<typeof serverTlsSettings>): Promise<ServerTls> {
    const asksClients = settings.client_ca_file !== undefined;
    const clients = asksClients ? { requestCert: true, rejectUnauthorized: true } : {};
    return new ServerTls(await TlsFiles.load(settings), clients);
  }

  /** For `tls.createServer` and those that are built on it. */
  get options(): TlsOptions {
    return { ...this.#files.options, ...this.#clients, handshakeTimeout: 10_000 };
  }

  /** Gives the server new files when they have changed, for connections from then on: see {@link TlsFiles.follow}. */
  follow(server: Server, host: Pick<Host, "clock" | "logger">): Timer {
    return this.#files.follow(host, (options) => server.setSecureContext(options));
  }
}
