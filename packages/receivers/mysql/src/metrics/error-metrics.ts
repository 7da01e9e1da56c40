import type { ServerQuery } from "./server-query.ts";
import { one } from "./status-definition.ts";

/** Kinds of errors that are told: those that were raised most often. */
const mostErrors = 200;

/** Which errors statements met. MariaDB does not count them. */
export const errorQuery: ServerQuery = {
  name: "errors",
  labels: { "error.type": "name", "db.response.status_code": "code" },
  metrics: [
    one("mysql.error.count", "raised", {
      description: "Errors and warnings that were raised, by their kind",
      unit: "{error}",
    }),
  ],
  sql: ({ product, performanceSchema }) =>
    product === "mysql" && performanceSchema
      ? `SELECT ERROR_NAME AS name, CAST(ERROR_NUMBER AS CHAR) AS code, SUM_ERROR_RAISED AS raised
           FROM performance_schema.events_errors_summary_global_by_error
          WHERE SUM_ERROR_RAISED > 0
          ORDER BY SUM_ERROR_RAISED DESC, ERROR_NUMBER LIMIT ${mostErrors}`
      : undefined,
};
