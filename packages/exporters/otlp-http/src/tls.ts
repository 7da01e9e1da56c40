import { readFile } from "node:fs/promises";
import type { AgentOptions } from "node:https";
import { DbintelError } from "@dbintel/errors";
import type { TlsSettings } from "./tls-settings.ts";

/** Reads the files that the settings name. They are read once, at the start of the exporter. */
export async function loadTls(settings: TlsSettings): Promise<AgentOptions> {
  const [ca, cert, key] = await Promise.all([
    readPem("ca_file", settings.ca_file),
    readPem("cert_file", settings.cert_file),
    readPem("key_file", settings.key_file),
  ]);
  return {
    rejectUnauthorized: !settings.insecure_skip_verify,
    minVersion: settings.min_version === "1.3" ? "TLSv1.3" : "TLSv1.2",
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(settings.server_name_override === undefined ? {} : { servername: settings.server_name_override }),
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
