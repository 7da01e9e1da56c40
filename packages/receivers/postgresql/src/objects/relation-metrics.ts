import {
  addMetric,
  bounded,
  type KeptRests,
  type MetricDefinition,
  number,
  printable,
  type RankedRelation,
  RelationRanking,
  RestRow,
  type Row,
  text,
  type Value,
} from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import type { Visit } from "../visits/errand.ts";
import type { RelationKind } from "./relation-kind.ts";

export interface RelationMetricsOptions {
  readonly kind: RelationKind;
  /** Those that are sent. */
  readonly metrics: readonly MetricDefinition[];
  /** Whether this attribute of data points is sent. */
  readonly enabledLabel: (name: string) => boolean;
  /** Relations of a database that are reported one by one. */
  readonly limit: number;
  /** What an earlier process knew of those that are not. */
  readonly kept: KeptRests;
}

/** Relations of a database that are ranked: of more only the largest. */
const mostRanked = 20_000;
/** Relations whose activity is remembered, of all databases together. */
const mostRemembered = 500_000;

interface Remembered {
  readonly ranking: RelationRanking<number>;
  readonly rest: RestRow;
  /** The relations of the last look that were reported one by one. */
  readonly single: ReadonlyMap<Value, Row>;
}

/** The metrics of the tables, or the indexes, of each database: of some one by one, of the others together. */
export class RelationMetrics {
  readonly #options: RelationMetricsOptions;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #databases = new LRUCache<string, Remembered>({
    maxSize: mostRemembered,
    sizeCalculation: ({ ranking }) => 1 + ranking.size,
  });

  constructor(options: RelationMetricsOptions) {
    this.#options = options;
    const labels = Object.entries(options.kind.labels).filter(([name]) => options.enabledLabel(name));
    this.#labels = Object.fromEntries(labels);
  }

  /** Begins anew in each database. */
  forget(): void {
    this.#databases.clear();
  }

  async add(visit: Visit): Promise<void> {
    const { kind, metrics: definitions, limit, kept } = this.#options;
    if (definitions.length === 0) return;
    const { connection, capabilities, database, metrics, timeUnixNano, signal } = visit;
    const counters = definitions.filter(({ type }) => type === "counter");
    const place = `${kind.name} ${database}`;
    const known = this.#databases.get(database) ?? {
      ranking: new RelationRanking<number>(),
      single: new Map<Value, Row>(),
      rest: new RestRow({
        counters: counters.flatMap(({ values }) => values.map(({ column }) => column)),
        key: "oid",
        kept: await kept.get(place),
      }),
    };
    const ranked = (await connection.query(kind.rankingSql, [mostRanked], signal)).map(relationOf);
    const chosen = known.ranking.choose(ranked, limit);
    const rows = await connection.query(kind.detailsSql(capabilities), [chosen], signal);
    const present = new Set<Value>(ranked.map(({ key }) => key));
    const single = rows.filter((row) => text(row, "aggregate") === undefined).map(named);
    const rest = known.rest.next({
      single,
      rest: rows.find((row) => text(row, "aggregate") !== undefined),
      clockMicros: timeUnixNano / 1000n,
      exists: (key) => ranked.length >= mostRanked || present.has(key),
    });
    this.#databases.set(database, { ...known, single: new Map(single.map((row) => [row.oid ?? null, row])) });
    const rests = known.rest.kept;
    if (rest !== undefined && rests !== undefined) visit.onTaken(() => void kept.set(place, rests));
    const told = single.map((row) => {
      const before = known.single.get(row.oid ?? null);
      return before === undefined ? row : { ...row, ...kind.sinceLast?.(row, before) };
    });
    for (const definition of definitions) {
      const all = rest === undefined ? told : [...told, rest];
      addMetric({ metrics, definition, labels: this.#labels, rows: all, timeUnixNano });
    }
  }
}

function relationOf(row: Row): RankedRelation<number> {
  const { oid, size, activity } = {
    oid: number(row, "oid"),
    size: number(row, "size"),
    activity: number(row, "activity"),
  };
  return { key: oid ?? 0, size: size ?? 0, activity: activity ?? 0 };
}

const nameColumns = ["schema", "collection", "table", "index", "function"];
/** A schema's and a table's name have 63 bytes each. */
const longestName = 255;

/** The row with names that anybody may print. */
export function named(row: Row): Row {
  const names = nameColumns.flatMap((column) => {
    const name = text(row, column);
    return name === undefined ? [] : [[column, printable(bounded(name, longestName))] as const];
  });
  return { ...row, ...Object.fromEntries(names) };
}
