import { DbintelError } from "@dbintel/errors";
import type { Host } from "@dbintel/pipeline";
import { atMost, number, type Row } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import { identifier } from "../connection/problems.ts";
import { userRelations } from "../objects/relation-kind.ts";
import type { Errand, Visit } from "../visits/errand.ts";
import { name } from "./schema-source.ts";

export const columnStatisticsEvent = "db.schema.statistics";

export interface ColumnStatisticsOptions {
  readonly host: Host;
  readonly intervalMs: number;
  /** Columns of a database that are told at one visit, those of the largest tables first. */
  readonly limit: number;
}

/** Databases whose last visit is remembered. */
const mostDatabases = 1000;

/**
 * Tells what ANALYZE found of the columns of each database, once after each ANALYZE: by how much a condition on one
 * selects the planner guesses from it. The values that it keeps in samples are not read.
 */
export class ColumnStatisticsErrand implements Errand {
  readonly name = "column statistics";
  readonly intervalMs: number;
  readonly #options: ColumnStatisticsOptions;
  /** The server's clock at the last visit, in microseconds. */
  readonly #visited = new LRUCache<string, bigint>(atMost(mostDatabases));

  constructor(options: ColumnStatisticsOptions) {
    this.#options = options;
    this.intervalMs = options.intervalMs;
  }

  forget(): void {
    this.#visited.clear();
  }

  async run({ database, connection, logs, problems, timeUnixNano, signal, onTaken }: Visit): Promise<void> {
    const since = this.#visited.get(database) ?? 0n;
    const rows = await connection.query(statisticsSql, [String(since), this.#options.limit], signal);
    const [hidden] = await connection.query(hiddenSql, [], signal);
    if (hidden !== undefined) problems.push(statisticsHidden(database, name(hidden, "username")));
    const observedTimeUnixNano = this.#options.host.clock.unixNano();
    for (const row of rows) {
      const attributes = { "db.system.name": "postgresql", "db.namespace": database, ...attributesOf(row) };
      logs.record({ timeUnixNano, observedTimeUnixNano, eventName: columnStatisticsEvent, attributes });
    }
    onTaken(() => this.#visited.set(database, timeUnixNano / 1000n));
  }
}

function attributesOf(row: Row) {
  return {
    "postgresql.schema.name": name(row, "schema"),
    "db.collection.name": name(row, "relation"),
    "dbintel.schema.object.kind": "column",
    "dbintel.schema.object.name": name(row, "column_name"),
    "dbintel.column.rows": number(row, "rows"),
    "dbintel.column.null_fraction": number(row, "null_fraction"),
    "dbintel.column.distinct": number(row, "distinct_values"),
    "dbintel.column.width": number(row, "width"),
    "dbintel.column.correlation": number(row, "correlation"),
    "dbintel.column.top_fraction": number(row, "top_fraction"),
  };
}

function statisticsHidden(database: string, username: string): DbintelError {
  const message = `user ${identifier(username)} may not see the statistics of all columns in database ${identifier(database)}`;
  const hint = `GRANT pg_read_all_data TO ${identifier(username)}; or SELECT on the tables whose columns are to be told`;
  return new DbintelError(message, { code: "DBI_DATABASE_PERMISSION", hint });
}

/** A table that the view keeps from the user, who has to be able to read it. */
const hiddenSql = `
  SELECT current_user::text AS username FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm') AND ${userRelations} AND NOT has_any_column_privilege(c.oid, 'SELECT') LIMIT 1`;

/**
 * What was analysed since $1, in microseconds since 1970, or ever where that is 0. A partitioned table has the statistics of all its partitions, another one its own. A
 * negative `n_distinct` is a share of the rows.
 */
const statisticsSql = `
  SELECT n.nspname::text AS schema, c.relname::text AS relation, s.attname::text AS column_name,
         greatest(c.reltuples, 0)::float8 AS rows, s.null_frac::float8 AS null_fraction, s.avg_width AS width,
         (CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(c.reltuples, 0) ELSE s.n_distinct END)::float8
           AS distinct_values,
         s.correlation::float8 AS correlation, (s.most_common_freqs)[1]::float8 AS top_fraction
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.inherited = (c.relkind = 'p')
   WHERE c.relkind IN ('r', 'p', 'm') AND ${userRelations}
     AND ($1::int8 = 0 OR date_part('epoch', greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)))
           * 1000000 >= $1)
   ORDER BY c.relpages DESC, c.oid, s.attname LIMIT $2`;
