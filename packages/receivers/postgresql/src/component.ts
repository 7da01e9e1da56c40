import { defineReceiver } from "@dbintel/pipeline";
import { postgresqlConfig } from "./config.ts";
import { checks } from "./doctor/checks.ts";
import { postgresqlReceiver } from "./postgresql.ts";

/** Polls a PostgreSQL server (13 to 18) for metrics and for what its statements did in each interval. */
export const postgresql = defineReceiver({
  type: "postgresql",
  description: "Polls PostgreSQL: metrics of the server and its databases, and the top statements of each interval",
  schema: postgresqlConfig,
  signals: { logs: "beta", metrics: "beta" },
  diagnosis: { checks, subjects: async (args) => (await import("./doctor/diagnosis.ts")).subjects(args) },
  create: postgresqlReceiver,
});
