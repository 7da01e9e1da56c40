import { defineExtension } from "@dbintel/pipeline";
import { BearerTokenAuth } from "./bearer-token-auth.ts";
import { bearerTokenAuthConfig } from "./config.ts";

/** The `bearer_token_auth` extension of the OpenTelemetry Collector: tokens of senders, and of exporters. */
export const bearerTokenAuth = defineExtension({
  type: "bearer_token_auth",
  aliases: ["bearertokenauth"],
  description: "Lets in requests that carry one of some tokens, and gives exporters one to carry.",
  stability: "beta",
  schema: bearerTokenAuthConfig,
  create: (args) => new BearerTokenAuth(args),
});
