import type { Savings } from "@dbintel/feedback";
import { classifyError } from "@dbintel/guard";
import type { Clock } from "@dbintel/pipeline";
import type { Row, StatementGuard } from "@dbintel/watching";
import { number, text } from "@dbintel/watching";
import pg from "pg";
import type { DatabaseConnection } from "../connection/connection.ts";
import { sizeQuery } from "./metrics-database.ts";

/**
 * The server measures a database by asking the file system about each of its files, which takes no lock and long on
 * a large one. So the sizes are asked for once in a while and repeated in between.
 */
const refreshMs = 300_000;
const mostDatabases = 100;
const sizeClass = "sizes";

/** The sizes of databases, as of the last few minutes. */
export class DatabaseSizes {
  readonly #clock: Clock;
  readonly #savings: () => Savings;
  #rows: readonly Row[] = [];
  #measuredMs = Number.NEGATIVE_INFINITY;
  /** Those that took too long in the last round. */
  #slow: ReadonlySet<number> = new Set();

  /** `savings` is what the budgets of the collector ask for. */
  constructor(options: { readonly clock: Clock; readonly savings: () => Savings }) {
    this.#clock = options.clock;
    this.#savings = options.savings;
  }

  /**
   * Rows for the metrics of `sizeQuery`. A database that cannot be measured is left out; one that takes too long ends
   * the round, and comes last in the next.
   */
  async rows(args: {
    readonly connection: DatabaseConnection;
    readonly reportsDatabase: (name: string) => boolean;
    readonly guard: StatementGuard;
    readonly signal: AbortSignal;
  }): Promise<readonly Row[]> {
    const { coldIntervalFactor, suppressRepeats } = this.#savings();
    const repeats = suppressRepeats ? [] : this.#rows;
    if (this.#clock.monotonicMs() < this.#measuredMs + refreshMs * coldIntervalFactor) return repeats;
    const work = () => this.#measureAll(args);
    return (await args.guard.ask({ collectorClass: sizeClass, cold: true, work })) ?? repeats;
  }

  async #measureAll(args: {
    readonly connection: DatabaseConnection;
    readonly reportsDatabase: (name: string) => boolean;
    readonly signal: AbortSignal;
  }): Promise<readonly Row[]> {
    const { connection, reportsDatabase, signal } = args;
    const databases = (await connection.query(sizeQuery.sql(), [], signal))
      .filter((row) => reportsDatabase(text(row, "database") ?? ""))
      .slice(0, mostDatabases);
    const lastOnes = databases.filter((row) => this.#slow.has(oidOf(row)));
    const rows: Row[] = [];
    const settle = (slow: readonly Row[]): readonly Row[] => {
      this.#slow = new Set(slow.map(oidOf));
      this.#rows = rows;
      this.#measuredMs = this.#clock.monotonicMs();
      return rows;
    };
    for (const row of [...databases.filter((each) => !lastOnes.includes(each)), ...lastOnes]) {
      try {
        const [size = {}] = await connection.query("SELECT pg_database_size($1::oid) AS size", [oidOf(row)], signal);
        rows.push({ ...row, ...size });
      } catch (error) {
        // Dropped meanwhile, or no right to connect to it: that is no reason to leave out the others.
        if (error instanceof pg.DatabaseError && classifyError(error) !== "overload") continue;
        if (error instanceof pg.DatabaseError) settle([...lastOnes, row]);
        throw error;
      }
    }
    return settle([]);
  }
}

function oidOf(row: Row): number {
  return number(row, "oid") ?? 0;
}
