import { defineExtension } from "@dbintel/pipeline";
import { Admin } from "./admin.ts";
import { adminConfig } from "./config.ts";

/** The extension `admin`: health, states, metrics, configuration, log level, tap and reload of a running collector. */
export const admin = defineExtension({
  type: "admin",
  description: "Shows the running collector over HTTP and steers it: health, metrics, configuration, tap, reload.",
  stability: "beta",
  schema: adminConfig,
  listeners: ({ endpoint, auth, tls }) => [{ address: endpoint, guarded: auth !== undefined && tls !== undefined }],
  exclusive: ({ audit }) => (audit.file === undefined ? [] : [`file:${audit.file}`]),
  create: ({ config, host }) => new Admin(config, host),
});
