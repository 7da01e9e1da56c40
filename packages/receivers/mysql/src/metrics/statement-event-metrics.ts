import { duration } from "@dbintel/config";
import { redactSql } from "@dbintel/sql";
import { bounded, type MetricDefinition, printable, text } from "@dbintel/watching";
import { z } from "zod";
import { ownName } from "../connection/session.ts";
import { shownSchema } from "../statements/schema-name.ts";
import type { ServerQuery } from "./server-query.ts";

/** The setting `statement_events`. */
export const statementEventSettings = z.strictObject({
  digest_text_limit: z.number().int().min(1).max(4095).default(120).describe("Longest text of a statement, in bytes"),
  limit: z.number().int().min(1).max(1000).default(250).describe("Statements with metrics of their own: the slowest"),
  time_limit: duration().prefault("24h").describe("Statements that did not run for so long are left out"),
});

export type StatementEventSettings = z.output<typeof statementEventSettings>;

/** Values of the attribute `kind`; each is a column SUM_<KIND>. */
const kinds = [
  "errors",
  "warnings",
  "rows_affected",
  "rows_sent",
  "rows_examined",
  "created_tmp_disk_tables",
  "created_tmp_tables",
  "sort_merge_passes",
  "sort_rows",
  "no_index_used",
] as const;

const common = { type: "sum", number: "int", enabled: false } as const;

/** Their definitions, whatever the settings. */
export const statementEventMetrics: readonly MetricDefinition[] = [
  {
    ...{ ...common, name: "mysql.statement_event.count", unit: "1" },
    description: "What statements did, by statement; the event db.server.top_query tells it by interval",
    values: kinds.map((kind) => ({ column: kind, attributes: { kind } })),
  },
  {
    ...{ ...common, name: "mysql.statement_event.wait.time", unit: "ns" },
    description: "Execution time of statements, by statement",
    values: [{ column: "wait_time" }],
  },
];

/** What the OpenTelemetry Collector's receiver tells by statement: cumulative, of the slowest. Off by default. */
export function statementEventQuery({ digest_text_limit, limit, time_limit }: StatementEventSettings): ServerQuery {
  const columns = kinds.map((kind) => `SUM_${kind.toUpperCase()} AS ${kind}`).join(", ");
  return {
    ...{ name: "statement_events", dear: true, metrics: statementEventMetrics },
    labels: { schema: "schema_name", digest: "digest", digest_text: "digest_text" },
    sql: ({ performanceSchema }) =>
      performanceSchema
        ? `SELECT SCHEMA_NAME AS schema_name, DIGEST AS digest, DIGEST_TEXT AS digest_text, ${columns},
                  SUM_TIMER_WAIT DIV 1000 AS wait_time
             FROM performance_schema.events_statements_summary_by_digest
            WHERE DIGEST IS NOT NULL AND DIGEST_TEXT NOT LIKE '%${ownName}%' AND DIGEST_TEXT NOT LIKE 'EXPLAIN %'
              AND LAST_SEEN >= NOW() - INTERVAL ${Math.ceil(time_limit / 1000)} SECOND
            ORDER BY SUM_TIMER_WAIT DESC LIMIT ${limit}`
        : undefined,
    shape: (rows, { product }) =>
      rows.map((row) => {
        const redacted = redactSql(text(row, "digest_text") ?? "", product).text;
        return {
          ...row,
          schema_name: shownSchema(text(row, "schema_name") ?? null) ?? null,
          digest_text: printable(bounded(redacted.toWellFormed(), digest_text_limit)),
        };
      }),
  };
}
