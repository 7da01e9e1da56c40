import { isDbintelError } from "@dbintel/errors";
import { integer, type Row, type StatementGuard } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";
import { serverClock } from "../visits/server-clock.ts";
import { type MetricQuery, micros } from "./metric-definition.ts";

/** The class of the statement, as the breaker knows it. */
const overviewClass = "overview";

/** What the first statement of a poll has told. */
export interface Overview {
  /** The server's clock. */
  readonly timeUnixNano: bigint;
  /** The rows of a query as far as they are known without asking it: its one row, or that there are none. */
  rowsOf(query: MetricQuery): readonly Row[] | undefined;
}

/**
 * Asks in one statement for the server's clock, for the answers of all queries that have but one row, and which of the
 * others have any. One by one they would be two thirds of the statements of a poll, each with its round trip. Where one
 * of them fails, nothing is known, and each is to be asked by itself: then the one that fails is told.
 */
export async function readOverview(args: {
  readonly queries: readonly MetricQuery[];
  readonly connection: DatabaseConnection;
  readonly capabilities: Capabilities;
  readonly guard: StatementGuard;
  readonly signal: AbortSignal;
}): Promise<Overview> {
  const { queries, connection, capabilities, guard, signal } = args;
  const conditions = [...new Set(queries.map(({ when }) => when).filter((condition) => condition !== undefined))];
  const work = () => connection.query(overviewSql(queries, conditions, capabilities), [], signal);
  try {
    const [row] = (await guard.ask({ collectorClass: overviewClass, cold: false, work })) ?? [];
    if (row !== undefined) {
      return {
        timeUnixNano: (integer(row, "clock") ?? 0n) * 1000n,
        rowsOf: ({ oneRow, when }) => {
          if (oneRow === true) return [row];
          return when !== undefined && row[conditionName(conditions.indexOf(when))] === false ? [] : undefined;
        },
      };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isDbintelError(error)) throw error;
  }
  return { timeUnixNano: await serverClock(connection, signal), rowsOf: () => undefined };
}

function overviewSql(
  queries: readonly MetricQuery[],
  conditions: readonly string[],
  capabilities: Capabilities,
): string {
  const single = queries
    .filter(({ oneRow }) => oneRow)
    .map((query) => query.sql(capabilities))
    .filter((sql) => sql !== undefined);
  const known = [
    `${micros("clock_timestamp()")} AS clock`,
    ...conditions.map((condition, index) => `${condition} AS ${conditionName(index)}`),
  ];
  return [
    `SELECT * FROM (SELECT ${known.join(", ")}) known`,
    ...single.map((sql, index) => `LEFT JOIN (${sql}) row_${index} ON true`),
  ].join("\n");
}

function conditionName(index: number): string {
  return `any_${index}`;
}
