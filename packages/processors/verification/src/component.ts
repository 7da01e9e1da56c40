import { defineProcessor } from "@dbintel/pipeline";
import { verificationConfig } from "./config.ts";
import { Verification } from "./verification.ts";

/** The processor `verification`: keeps personal data and secrets from leaving. */
export const verification = defineProcessor({
  type: "verification",
  description: "Finds personal data and secrets in telemetry, replaces or drops them, and checks the result once more.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: verificationConfig,
  create: ({ id, config, host, next }) => new Verification({ id, config, host, next }),
});
