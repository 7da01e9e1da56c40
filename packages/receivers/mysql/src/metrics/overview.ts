import { isDbintelError } from "@dbintel/errors";
import type { MetricDefinition, Row, StatementGuard, Value } from "@dbintel/watching";
import { type KnownServer, namedValues } from "../connection/capabilities.ts";
import { globalVariablesTable } from "../connection/global-status.ts";
import { clockMicrosSql, serverClock } from "../connection/server-clock.ts";
import { uptimeOf } from "../connection/server-start.ts";
import type { ServerQuery } from "./server-query.ts";
import { statusNames, statusRow } from "./status-row.ts";

/** The class of the statement, as the breaker knows it. */
const overviewClass = "overview";
/** Settings that are metrics. */
const variables = ["innodb_buffer_pool_size", "innodb_log_file_size", "max_connections", "max_prepared_stmt_count"];
const clockName = "(clock)";
/** Stands for NULL between the numbers of a query. */
const nothing = "-";

/** What the first statement of a poll has told. */
export interface Overview {
  /** The server's clock. */
  readonly clockMicros: bigint;
  readonly uptimeSeconds: bigint;
  /** Its status and settings as one row. */
  readonly status: Row;
  /** The row of a query that has but one; `undefined` when it is to be asked. */
  rowsOf(query: ServerQuery): readonly Row[] | undefined;
}

interface OverviewArgs {
  readonly server: KnownServer;
  /** What is made of the status. */
  readonly definitions: readonly MetricDefinition[];
  /** The other queries that are wanted. */
  readonly queries: readonly ServerQuery[];
  readonly guard: StatementGuard;
  readonly signal: AbortSignal;
}

/**
 * Asks for the status, and in one statement for the server's clock, for settings, and for the answers of all queries that
 * have but one row. Where one of them fails, each is to be asked by itself: then the one that fails is told.
 */
export async function readOverview(args: OverviewArgs): Promise<Overview> {
  const { server, guard, signal } = args;
  const { connection } = server;
  // MySQL counts commands here, and not in the table behind it.
  const shown = namedValues(
    await connection.query("SHOW GLOBAL STATUS WHERE Variable_name IN (?)", [wantedStatus(args)], signal),
  );
  const sql = await overviewSql(args);
  try {
    const work = () => connection.rows(sql, signal);
    const rows = await guard.ask({ collectorClass: overviewClass, cold: false, work });
    if (rows !== undefined) return overviewOf(rows, shown);
  } catch (error) {
    signal.throwIfAborted();
    if (!isDbintelError(error)) throw error;
  }
  const clockMicros = await serverClock(connection, signal);
  const set = await connection.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)", [variables], signal);
  const status = statusRow([...shown, ...namedValues(set)]);
  return { clockMicros, uptimeSeconds: uptimeOf(shown.get("uptime")), status, rowsOf: () => undefined };
}

function wantedStatus({ definitions }: OverviewArgs): readonly string[] {
  return ["uptime", ...statusNames(definitions.flatMap(({ values }) => values.map(({ column }) => column)))];
}

/** Rows of a name and a text: a setting and its value, or a query and its numbers. */
async function overviewSql({ server, queries, signal }: OverviewArgs): Promise<string> {
  const capabilities = await server.capabilities(signal);
  const settings = variables.map((name) => `'${name}'`).join(", ");
  const single = queries
    .filter(({ oneRow }) => oneRow)
    .flatMap((query) => {
      const sql = query.sql(capabilities);
      const numbers = columnsOf(query).map((column) => `COALESCE(q.${column}, '${nothing}')`);
      return sql === undefined ? [] : [`'${query.name}', CONCAT_WS(' ', ${numbers.join(", ")}) FROM (${sql}) q`];
    });
  return [
    `'${clockName}', ${clockMicrosSql}`,
    `VARIABLE_NAME, VARIABLE_VALUE FROM ${globalVariablesTable(capabilities.product)} WHERE VARIABLE_NAME IN (${settings})`,
    ...single,
  ]
    .map((part, at) => `SELECT ${at === 0 ? "" : "NULL, "}${part}`)
    .join("\nUNION ALL ");
}

function overviewOf(rows: readonly (readonly Value[])[], shown: ReadonlyMap<string, string>): Overview {
  // MariaDB writes the names of settings in capitals.
  const told = new Map(rows.map(([, name, value]) => [String(name).toLowerCase(), String(value ?? "")]));
  return {
    clockMicros: BigInt(told.get(clockName) ?? 0),
    uptimeSeconds: uptimeOf(shown.get("uptime")),
    status: statusRow([...shown, ...told]),
    rowsOf(query) {
      const numbers = query.oneRow ? told.get(query.name)?.split(" ") : undefined;
      return numbers && [Object.fromEntries(columnsOf(query).map((column, at) => [column, numberOf(numbers[at])]))];
    },
  };
}

function columnsOf({ metrics }: ServerQuery): readonly string[] {
  return metrics.flatMap(({ values }) => values.map(({ column }) => column));
}

function numberOf(written = nothing): bigint | null {
  return written === nothing ? null : BigInt(written);
}
