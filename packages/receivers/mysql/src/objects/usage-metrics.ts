import type { MetricsBuilder } from "@dbintel/pdata";
import {
  addMetric,
  bounded,
  integer,
  type KeptRests,
  type MetricDefinition,
  printable,
  RelationRanking,
  RestRow,
  type Row,
  text,
} from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";
import { systemSchemaList } from "./schemas.ts";
import { startColumn, type UsageKind } from "./usage-kinds.ts";

/** Rows that are ranked: of more only those that were waited for longest. */
const mostRanked = 20_000;
/** The server's names have 64 characters. */
const longestName = 256;

export interface UsageMetricsOptions {
  readonly kind: UsageKind;
  /** Those that are sent. */
  readonly metrics: readonly MetricDefinition[];
  /** Rows that are told one by one. */
  readonly limit: number;
  readonly reportsSchema: (schema: string) => boolean;
  /** What an earlier process knew of the others. */
  readonly kept: KeptRests;
}

/** What one look needs. */
export interface UsageLook {
  readonly connection: DatabaseConnection;
  readonly metrics: MetricsBuilder;
  readonly timeUnixNano: bigint;
  /** When the server started, in microseconds. */
  readonly startedMicros: bigint;
  readonly signal: AbortSignal;
  /** Has something done once what the look has brought was handed on. */
  onTaken(action: () => void): void;
}

/** The metrics of one summary: of those tables or indexes that matter most one by one, of the others together. */
export class UsageMetrics {
  readonly #options: UsageMetricsOptions;
  readonly #ranking = new RelationRanking<string>();
  #rest: RestRow | undefined;

  constructor(options: UsageMetricsOptions) {
    this.#options = options;
  }

  /** Sums the others anew: another collector may have told of them since. */
  forget(): void {
    this.#rest = undefined;
  }

  async add(look: UsageLook): Promise<void> {
    const { kind, limit, reportsSchema, kept } = this.#options;
    const { connection, metrics, timeUnixNano, startedMicros, signal } = look;
    const ranked = await connection.query(rankingSql(kind), [], signal);
    const names = ranked.map((row) => namesOf(kind, row));
    const hidden = [...new Set(names.map(([schema = ""]) => schema))].filter((schema) => !reportsSchema(schema));
    const shown = ranked.flatMap((row, at) => {
      const [schema = ""] = names[at] ?? [];
      const activity = Number(integer(row, "activity") ?? 0n);
      // The time that was waited altogether is what size is elsewhere: what has most of it is told all the time.
      const size = Number(integer(row, "time") ?? 0n);
      return hidden.includes(schema) ? [] : [{ key: identity(names[at] ?? []), size, activity }];
    });
    const chosen = new Set(this.#ranking.choose(shown, limit));
    const lists = names.filter((each) => chosen.has(identity(each)));
    const rows = await connection.query(
      detailsSql(kind, lists.length, hidden.length),
      [...lists.flat(), ...hidden],
      signal,
    );
    const single = rows
      .filter((row) => text(row, "aggregate") === undefined)
      .map((row) => this.#named(row, startedMicros));
    const other = rows.find((row) => text(row, "aggregate") !== undefined);
    const present = new Set<Row[string]>(shown.map(({ key }) => key));
    this.#rest ??= new RestRow({
      ...{ counters: Object.keys(kind.columns), key: "identity" },
      kept: await kept.get(kind.name),
    });
    const rest = this.#rest.next({
      ...{ single, clockMicros: timeUnixNano / 1000n },
      rest: other === undefined ? undefined : { ...other, [startColumn]: startedMicros },
      exists: (key) => ranked.length >= mostRanked || present.has(key),
    });
    const rests = this.#rest.kept;
    if (rests !== undefined) look.onTaken(() => void kept.set(kind.name, rests));
    for (const definition of this.#options.metrics) {
      const all = rest === undefined ? single : [...single, rest];
      addMetric({ metrics, definition, labels: kind.labels, rows: all, timeUnixNano });
    }
  }

  #named(row: Row, startedMicros: bigint): Row {
    const { kind } = this.#options;
    const shown = Object.keys(kind.keys).map((key) => [key, printable(bounded(text(row, key) ?? "", longestName))]);
    return {
      ...row,
      ...Object.fromEntries(shown),
      identity: identity(namesOf(kind, row)),
      [startColumn]: startedMicros,
    };
  }
}

function namesOf({ keys }: UsageKind, row: Row): readonly string[] {
  return Object.keys(keys).map((key) => text(row, key) ?? "");
}

function identity(names: readonly string[]): string {
  return names.join("\0");
}

function keyColumns({ keys }: UsageKind): string {
  return Object.entries(keys)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(", ");
}

const ofUsers = `OBJECT_SCHEMA NOT IN (${systemSchemaList}) AND COUNT_STAR > 0`;

function rankingSql(kind: UsageKind): string {
  return `SELECT ${keyColumns(kind)}, COUNT_STAR AS activity, SUM_TIMER_WAIT AS time FROM performance_schema.${kind.table}
           WHERE ${ofUsers} ORDER BY SUM_TIMER_WAIT DESC LIMIT ${mostRanked}`;
}

/** One pass over the summary: a row for each of so many names, and one for the rest together. */
function detailsSql(kind: UsageKind, named: number, hidden: number): string {
  const { keys, columns, table } = kind;
  const tuple = `(${Object.keys(keys)
    .map(() => "?")
    .join(", ")})`;
  const isNamed =
    named === 0 ? "FALSE" : `(${Object.values(keys).join(", ")}) IN (${Array(named).fill(tuple).join(", ")})`;
  const names = Object.keys(keys).map((name) => ({ name, sql: `IF(d.named, d.${name}, NULL)` }));
  const reported = hidden === 0 ? "" : `AND OBJECT_SCHEMA NOT IN (${Array(hidden).fill("?").join(", ")})`;
  return `
    SELECT ${names.map(({ name, sql }) => `${sql} AS ${name}`).join(", ")},
           MAX(IF(d.named, NULL, 'other')) AS aggregate,
           ${Object.keys(columns)
             .map((name) => `CAST(SUM(d.${name}) AS UNSIGNED) AS ${name}`)
             .join(", ")}
      FROM (SELECT ${keyColumns(kind)}, ${isNamed} AS named,
                   ${Object.entries(columns)
                     .map(([name, sql]) => `${sql} AS ${name}`)
                     .join(", ")}
              FROM performance_schema.${table} WHERE ${ofUsers} ${reported}) d
     GROUP BY ${names.map(({ sql }) => sql).join(", ")}`;
}
