import { defineExtension } from "@dbintel/pipeline";
import { ClientCredentials } from "./client-credentials.ts";
import { basicAuthConfig } from "./config.ts";
import { SenderPasswords } from "./sender-passwords.ts";

/** The `basicauth` extension of the OpenTelemetry Collector: users and passwords of senders, and of exporters. */
export const basicAuth = defineExtension({
  type: "basic_auth",
  aliases: ["basicauth"],
  description: "Lets in requests of users with their passwords, and gives exporters a user and a password.",
  stability: "beta",
  schema: basicAuthConfig,
  create: ({ config, host }) => {
    const { htpasswd, client_auth: client, reload_interval: intervalMs } = config;
    if (htpasswd !== undefined) return new SenderPasswords({ htpasswd, intervalMs, host });
    return new ClientCredentials({ client: client ?? {}, intervalMs, host });
  },
});
