import { passwordSettings, tlsSettings } from "@dbintel/instances";
import { endpointText } from "@dbintel/watching";
import { z } from "zod";

/** The setting `pgbouncer`. */
export const pgbouncerSettings = z
  .strictObject({
    endpoint: endpointText().describe("host:port of PgBouncer; /directory:port for a Unix socket"),
    username: z.string().min(1).optional().describe("User of the console, one of stats_users; by default username"),
    ...passwordSettings,
    tls: tlsSettings.optional().describe("Encryption of the connection; by default that of the server"),
  })
  .optional();
