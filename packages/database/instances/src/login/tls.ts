import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { readBounded } from "../bounded-file.ts";

/** The setting `tls`, as the OpenTelemetry Collector has it. */
export const tlsSettings = z.strictObject({
  insecure: z.boolean().default(false).describe("Connect without TLS"),
  insecure_skip_verify: z
    .boolean()
    .default(false)
    .describe("Use TLS and accept any certificate; true in the OpenTelemetry Collector"),
  server_name_override: z
    .string()
    .min(1)
    .optional()
    .describe("The name that the server's certificate must have; that of the endpoint by default"),
  ca_file: z.string().optional().describe("Certificate authorities to trust, PEM; the system's by default"),
  cert_file: z.string().optional().describe("Client certificate, PEM"),
  key_file: z.string().optional().describe("Key of the client certificate, PEM"),
});

export type TlsSettings = z.output<typeof tlsSettings>;

/** How a connection is encrypted and whom it trusts; `false` for a connection that is not encrypted. */
export type TlsOptions = ConnectionOptions | false;

const largestFile = 1024 * 1024;
const mostReadings = 5;

/** What a driver takes, the files read as they are now. Rejects with `DBI_FILE`. */
export async function tlsOptions(tls: TlsSettings): Promise<TlsOptions> {
  if (tls.insecure) return false;
  const [ca, cert, key] = await readTogether([tls.ca_file, tls.cert_file, tls.key_file]);
  const name = tls.server_name_override;
  return {
    rejectUnauthorized: !tls.insecure_skip_verify,
    ...(name === undefined
      ? {}
      : { servername: name, checkServerIdentity: (_host, peer) => checkServerIdentity(name, peer) }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Files that belong together and may be replaced in between: read until they are twice the same. */
async function readTogether(paths: readonly (string | undefined)[]): Promise<readonly (Buffer | undefined)[]> {
  const read = () => Promise.all(paths.map(fileContent));
  let contents = await read();
  for (let readings = 1; readings < mostReadings; readings++) {
    const again = await read();
    if (isDeepStrictEqual(contents, again)) break;
    contents = again;
  }
  return contents;
}

async function fileContent(path: string | undefined): Promise<Buffer | undefined> {
  return path === undefined ? undefined : await readBounded(path, { limit: largestFile, setting: "the files of tls" });
}
