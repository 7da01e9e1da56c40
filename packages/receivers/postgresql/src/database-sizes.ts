import type { Clock } from "@dbintel/pipeline";
import pg from "pg";
import type { DatabaseConnection, Row } from "./connection.ts";
import { sizeQuery } from "./metrics-database.ts";
import { number, text } from "./row-values.ts";

/**
 * The server measures a database by asking the file system about each of its files, which takes no lock and long on
 * a large one. So the sizes are asked for once in a while and repeated in between.
 */
const refreshMs = 300_000;
const mostDatabases = 100;

/** The sizes of databases, as of the last few minutes. */
export class DatabaseSizes {
  readonly #clock: Clock;
  #rows: readonly Row[] = [];
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rows for the metrics of `sizeQuery`. A database that cannot be measured, or not in time, is left out. */
  async rows(
    connection: DatabaseConnection,
    reportsDatabase: (name: string) => boolean,
    signal: AbortSignal,
  ): Promise<readonly Row[]> {
    if (this.#clock.monotonicMs() < this.#dueMs) return this.#rows;
    const rows: Row[] = [];
    const databases = await connection.query(sizeQuery.sql(), [], signal);
    const reported = databases.filter((row) => reportsDatabase(text(row, "database") ?? ""));
    for (const row of reported.slice(0, mostDatabases)) {
      const size = await this.#measure(connection, number(row, "oid") ?? 0, signal);
      if (size !== undefined) rows.push({ ...row, ...size });
    }
    this.#rows = rows;
    this.#dueMs = this.#clock.monotonicMs() + refreshMs;
    return rows;
  }

  async #measure(connection: DatabaseConnection, oid: number, signal: AbortSignal): Promise<Row | undefined> {
    try {
      const [row] = await connection.query("SELECT pg_database_size($1::oid) AS size", [oid], signal);
      return row;
    } catch (error) {
      // Dropped meanwhile, no right to connect to it, too large to measure in time.
      if (error instanceof pg.DatabaseError) return undefined;
      throw error;
    }
  }
}
