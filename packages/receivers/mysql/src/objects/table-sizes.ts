import { type DbintelError, isDbintelError } from "@dbintel/errors";
import type { Savings } from "@dbintel/feedback";
import type { MetricsBuilder } from "@dbintel/pdata";
import type { Clock } from "@dbintel/pipeline";
import {
  addMetric,
  bounded,
  integer,
  type MetricDefinition,
  printable,
  type Row,
  type StatementGuard,
  text,
} from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";
import { tableCounts } from "./table-counts.ts";

/** The server's names have 64 characters. */
const longestName = 256;

const common = { type: "sum", number: "int", enabled: true } as const;

/** What information_schema tells of tables; the numbers of InnoDB's are estimates. */
export const sizeMetrics: readonly MetricDefinition[] = [
  {
    ...{ ...common, name: "mysql.table.size", unit: "By", description: "Size of a table" },
    values: [
      { column: "data_length", attributes: { kind: "data" } },
      { column: "index_length", attributes: { kind: "index" } },
    ],
  },
  {
    ...{ ...common, name: "mysql.table.rows", unit: "1", description: "Rows of a table" },
    values: [{ column: "table_rows" }],
  },
  {
    ...{ ...common, name: "mysql.table.average_row_length", unit: "By", description: "Average length of a row" },
    values: [{ column: "avg_row_length" }],
  },
];

const labels = { schema: "object_schema", table: "object_name", "dbintel.aggregate": "aggregate" } as const;
const summed = ["data_length", "index_length", "table_rows"] as const;

export interface TableSizesOptions {
  readonly clock: Clock;
  /** What the budgets of the collector ask for. */
  readonly savings: () => Savings;
  readonly intervalMs: number;
  readonly mostTables: number;
  readonly reportsSchema: (schema: string) => boolean;
}

interface SizesArgs {
  readonly connection: DatabaseConnection;
  readonly guard: StatementGuard;
  readonly signal: AbortSignal;
}

const sizeClass = "sizes";
/** A reading that took t is not repeated for 100 t: at most 1 % of one server core goes into it. */
const restFactor = 100;

/**
 * The sizes of tables as of the last minutes. The server opens each table for them, so they are asked for rarely, schema
 * by schema, and not at all where tables are too many.
 */
export class TableSizes {
  readonly #options: TableSizesOptions;
  #rows: readonly Row[] = [];
  #dueMs = Number.NEGATIVE_INFINITY;
  /** Why the last reading brought nothing: told until the next one. */
  #failure: DbintelError | undefined;
  /** How many tables there were, when they were too many. */
  #tooMany: number | undefined;

  constructor(options: TableSizesOptions) {
    this.#options = options;
  }

  /** How many tables there are, where their sizes are not asked for because of that. */
  get tooMany(): number | undefined {
    return this.#tooMany;
  }

  /** A row for each table that the user may see. */
  async rows(args: SizesArgs): Promise<readonly Row[]> {
    const { clock, intervalMs, mostTables } = this.#options;
    const { coldIntervalFactor, suppressRepeats } = this.#options.savings();
    const startMs = clock.monotonicMs();
    if (mostTables === 0 || startMs < this.#dueMs) {
      if (this.#failure !== undefined) throw this.#failure;
      return suppressRepeats ? [] : this.#rows;
    }
    const rest = (leastMs: number) => {
      const endMs = clock.monotonicMs();
      this.#dueMs = endMs + Math.max(leastMs, restFactor * (endMs - startMs)) * coldIntervalFactor;
    };
    this.#failure = undefined;
    try {
      const work = () => this.#readAll(args);
      const rows = await args.guard.ask({ collectorClass: sizeClass, cold: true, work });
      if (rows === undefined) return [];
      rest(intervalMs);
      this.#rows = rows;
      return rows;
    } catch (error) {
      // What the server gave up has cost it no less.
      rest(0);
      if (isDbintelError(error)) this.#failure = error;
      throw error;
    }
  }

  async #readAll({ connection, signal }: SizesArgs): Promise<readonly Row[]> {
    const { mostTables, reportsSchema } = this.#options;
    const counts = (await tableCounts(connection, signal)).filter(({ schema }) => reportsSchema(schema));
    const all = counts.reduce((sum, { tables }) => sum + tables, 0);
    this.#tooMany = all > mostTables ? all : undefined;
    if (all > mostTables) return [];
    const rows: Row[] = [];
    for (const { schema } of counts) rows.push(...(await schemaSizes(connection, { schema, mostTables }, signal)));
    return rows;
  }
}

function schemaSizes(
  connection: DatabaseConnection,
  { schema, mostTables }: { readonly schema: string; readonly mostTables: number },
  signal: AbortSignal,
): Promise<readonly Row[]> {
  return connection.query(
    `SELECT TABLE_SCHEMA AS object_schema, TABLE_NAME AS object_name, TABLE_ROWS AS table_rows,
            AVG_ROW_LENGTH AS avg_row_length, DATA_LENGTH AS data_length, INDEX_LENGTH AS index_length
       FROM information_schema.TABLES
      WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = ? LIMIT ${mostTables}`,
    [schema],
    signal,
  );
}

/** Tells the largest tables one by one and the others together. */
export function addSizes(args: {
  readonly metrics: MetricsBuilder;
  readonly definitions: readonly MetricDefinition[];
  readonly rows: readonly Row[];
  readonly limit: number;
  readonly timeUnixNano: bigint;
}): void {
  const { metrics, definitions, limit, timeUnixNano } = args;
  const sorted = args.rows.toSorted((a, b) => Number(sizeOf(b) - sizeOf(a)));
  const single = sorted.slice(0, limit).map((row) => ({ ...row, ...named(row) }));
  const others = sorted.slice(limit);
  const sums = summed.map((column) => [column, others.reduce((sum, row) => sum + of(row, column), 0n)]);
  const rest: readonly Row[] = others.length === 0 ? [] : [{ ...Object.fromEntries(sums), aggregate: "other" }];
  for (const definition of definitions) {
    addMetric({ metrics, definition, labels, rows: [...single, ...rest], timeUnixNano });
  }
}

function named(row: Row): Row {
  const shown = (column: string) => printable(bounded(text(row, column) ?? "", longestName));
  return { object_schema: shown("object_schema"), object_name: shown("object_name") };
}

function sizeOf(row: Row): bigint {
  return of(row, "data_length") + of(row, "index_length");
}

function of(row: Row, column: string): bigint {
  return integer(row, column) ?? 0n;
}
