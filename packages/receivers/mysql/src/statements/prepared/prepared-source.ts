import { text } from "@dbintel/watching";
import type { DatabaseConnection } from "../../connection/connection.ts";
import type { StatementCounter } from "../statement-columns.ts";
import { exact } from "../statement-source.ts";

const instances = "performance_schema.prepared_statements_instances";
const totals = "performance_schema.events_statements_summary_global_by_event_name";
/** The protocol's commands that execute a prepared statement; the second takes many rows at once. */
const commands = "'statement/com/Execute', 'statement/com/Bulk_execute'";
/** As many as a server may have by default. */
const mostInstances = 20_000;
/** What is read of a text: enough to tell it from others. */
const longestText = 10_000;
const textsAtOnce = 500;

/** One statement that a session has prepared and not closed yet. */
export interface PreparedInstance {
  /** One for its life: its address and number may be another's later. */
  readonly name: string;
  readonly statementId: bigint;
  /** How often it had to be prepared again, because a table had changed. */
  readonly reprepares: bigint;
  /** In the order of the counters that were asked for. */
  readonly values: readonly bigint[];
}

/** What was executed by the protocol of prepared statements. */
export interface PreparedReading {
  readonly instances: readonly PreparedInstance[];
  /** Whether there are more than were read. */
  readonly truncated: boolean;
  /** Of all that were ever executed, closed ones too. */
  readonly executed: readonly bigint[];
}

/** The text of a prepared statement, and the schema that its session has chosen. */
export interface PreparedText {
  readonly schema: string | null;
  readonly text: string;
}

/** Statements that were prepared by `PREPARE` have a name, and are in the summary of statements: they are left out. */
export async function readPrepared(
  connection: DatabaseConnection,
  counters: readonly StatementCounter[],
  signal: AbortSignal,
): Promise<PreparedReading> {
  const known = await connection.columns(instances, signal);
  const columns = counters.map(({ column }) => {
    const name = column.replace("COUNT_STAR", "COUNT_EXECUTE").replace("TIMER_WAIT", "TIMER_EXECUTE");
    return known.has(name) ? name : "0";
  });
  // Looked up by its key, a name that is NULL is found by no MySQL 8.
  const rows = await connection.rows(
    `SELECT CONCAT_WS('/', OWNER_THREAD_ID, OWNER_EVENT_ID, STATEMENT_ID, OBJECT_INSTANCE_BEGIN), STATEMENT_ID,
            COUNT_REPREPARE, ${columns.join(", ")}
       FROM ${instances} WHERE COALESCE(STATEMENT_NAME, '') = '' LIMIT ${mostInstances + 1}`,
    signal,
  );
  // After the instances, so that it holds all that they count.
  const sums = counters.map(({ column }) => `CAST(COALESCE(SUM(${column}), 0) AS UNSIGNED)`);
  const [[, ...executed] = []] = await connection.rows(
    `SELECT ${sums.join(", ")} FROM ${totals} WHERE EVENT_NAME IN (${commands})`,
    signal,
  );
  return {
    instances: rows.slice(0, mostInstances).map(([, name, statementId, reprepares, ...values]) => ({
      ...{ name: String(name), statementId: exact(statementId), reprepares: exact(reprepares) },
      values: values.map(exact),
    })),
    truncated: rows.length > mostInstances,
    executed: executed.map(exact),
  };
}

/** The texts of some of them, by name; of those that are still there. */
export async function preparedTexts(
  connection: DatabaseConnection,
  statements: readonly PreparedInstance[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PreparedText>> {
  const ids = statements.slice(0, textsAtOnce).map(({ statementId }) => statementId);
  if (ids.length === 0) return new Map();
  const rows = await connection.query(
    `SELECT CONCAT_WS('/', p.OWNER_THREAD_ID, p.OWNER_EVENT_ID, p.STATEMENT_ID, p.OBJECT_INSTANCE_BEGIN) AS name,
            t.PROCESSLIST_DB AS schema_name, LEFT(p.SQL_TEXT, ${longestText}) AS sql_text
       FROM ${instances} p LEFT JOIN performance_schema.threads t ON t.THREAD_ID = p.OWNER_THREAD_ID
      WHERE p.STATEMENT_ID IN (${ids.join(", ")})`,
    [],
    signal,
  );
  const of = rows.map(
    (row) =>
      [
        text(row, "name") ?? "",
        { schema: text(row, "schema_name") ?? null, text: text(row, "sql_text") ?? "" },
      ] as const,
  );
  return new Map(of);
}
