import { defineReceiver } from "@dbintel/pipeline";
import { mysqlConfig } from "./config.ts";
import { checks } from "./doctor/checks.ts";
import { mysqlReceiver } from "./mysql.ts";

/** Polls a MySQL or MariaDB server for metrics and for what its statements did in each interval. */
export const mysql = defineReceiver({
  type: "mysql",
  description: "Polls MySQL or MariaDB: metrics of the server, and the top statements of each interval",
  schema: mysqlConfig,
  signals: { logs: "alpha", metrics: "alpha" },
  diagnosis: { checks, subjects: async (args) => (await import("./doctor/diagnosis.ts")).subjects(args) },
  create: mysqlReceiver,
});
