import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { DbintelError } from "@dbintel/errors";
import { every, type Timer } from "./clock.ts";
import type { Host } from "./host.ts";

/** The keys of a setting `tls`, of a client or of a listener, that say what is read and when. */
export interface TlsFileSettings {
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
  /** Whom a client trusts. */
  readonly ca_file?: string | undefined;
  /** Whose client certificates a listener asks for. */
  readonly client_ca_file?: string | undefined;
  readonly min_version: "1.2" | "1.3";
  /** In milliseconds; 0 never looks again. */
  readonly reload_interval: number;
}

/** The files of a setting `tls`: certificate, key and authorities, as they are now. */
export class TlsFiles {
  readonly #settings: TlsFileSettings;
  #options: SecureContextOptions;

  private constructor(settings: TlsFileSettings, options: SecureContextOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  /** Reads the files. Rejects with `DBI_FILE`, which names the setting, for one that cannot be read or used. */
  static async load(settings: TlsFileSettings): Promise<TlsFiles> {
    return new TlsFiles(settings, await read(settings));
  }

  /** What connections are made with. */
  get options(): SecureContextOptions {
    return this.#options;
  }

  /**
   * Looks at the files each `reload_interval` and calls `changed` when they hold something else: what connects from then
   * on is to use that. Files that cannot be used leave the old ones in force, with a warning.
   */
  follow({ clock, logger }: Pick<Host, "clock" | "logger">, changed: (options: SecureContextOptions) => void): Timer {
    const { reload_interval: intervalMs, cert_file, ca_file, client_ca_file } = this.#settings;
    const files = { cert_file, ca_file, client_ca_file };
    if (intervalMs === 0 || Object.values(files).every((file) => file === undefined)) return { cancel: () => {} };
    let cancelled = false;
    const reread = async () => {
      try {
        const next = await read(this.#settings);
        if (cancelled || same(next, this.#options)) return;
        this.#options = next;
        changed(next);
        logger.info(files, "the files of tls were read again");
      } catch (error) {
        logger.warn({ error, ...files }, "the files of tls cannot be used; what was read before stays in use");
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

async function read(settings: TlsFileSettings): Promise<SecureContextOptions> {
  const [cert, key, trusted, clients] = await Promise.all([
    pem("cert_file", settings.cert_file),
    pem("key_file", settings.key_file),
    pem("ca_file", settings.ca_file),
    pem("client_ca_file", settings.client_ca_file),
  ]);
  const ca = trusted ?? clients;
  const options: SecureContextOptions = {
    minVersion: `TLSv${settings.min_version}`,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new DbintelError(`tls: the files cannot be used: ${(cause as Error).message}`, {
      code: "DBI_FILE",
      hint: "check that the files of tls are PEM files, and that certificate and key belong together",
      cause,
    });
  }
  return options;
}

function same(one: SecureContextOptions, other: SecureContextOptions): boolean {
  return (["ca", "cert", "key"] as const).every((part) => String(one[part] ?? "") === String(other[part] ?? ""));
}

async function pem(setting: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DbintelError(`tls.${setting}: ${(cause as Error).message}`, {
      code: "DBI_FILE",
      hint: "name a PEM file that the collector's user may read",
      cause,
    });
  }
}
