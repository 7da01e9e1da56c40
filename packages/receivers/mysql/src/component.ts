import { defineReceiver } from "@dbintel/pipeline";
import { mysqlConfig } from "./config.ts";
import { checks } from "./doctor/checks.ts";
import { mysqlReceiver } from "./mysql.ts";

/** Polls a MySQL or MariaDB server for metrics, for what its statements did in each interval, and for what sessions do. */
export const mysql = defineReceiver({
  type: "mysql",
  description:
    "Polls MySQL or MariaDB: metrics of the server, the top statements of each interval with their plans, sessions and locks",
  schema: mysqlConfig,
  signals: { logs: "beta", metrics: "beta" },
  diagnosis: { checks, subjects: async (args) => (await import("./doctor/diagnosis.ts")).subjects(args) },
  create: mysqlReceiver,
});
