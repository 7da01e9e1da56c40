import { defineProcessor } from "@dbintel/pipeline";
import { verificationConfig } from "./config.ts";
import { Verification } from "./verification.ts";

/** The processor `verification`: keeps personal data and secrets from leaving. */
export const verification = defineProcessor({
  type: "verification",
  description: "Keeps personal data and secrets from leaving, and checks the quality of what leaves.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: verificationConfig,
  create: (args) => new Verification(args),
});
