import type { MetricsBuilder } from "@dbintel/pdata";
import type { MetricDefinition } from "@dbintel/watching";
import { databaseLabels } from "../metrics/metric-definition.ts";
import { shownName } from "./names.ts";
import { counterIndex, type StatementColumn } from "./statement-columns.ts";
import type { StatementDeltas } from "./statement-deltas.ts";
import type { StatementReading } from "./statement-source.ts";
import type { StatementKey } from "./statement-table.ts";
import { statementName } from "./statement-texts.ts";
import type { Selection } from "./top-statements.ts";

const counter = { type: "counter", enabled: false, values: [] } as const;

/** One line for each metric; all of them are off unless the configuration says otherwise. */
const columns = ["total_exec_time", "calls", "rows"] as const satisfies readonly StatementColumn[];
type Column = (typeof columns)[number];

const definitions: Readonly<Record<Column, MetricDefinition>> = {
  total_exec_time: {
    ...{ ...counter, name: "postgresql.query.execution.time", unit: "s", number: "double" },
    description: "Time that statements ran",
  },
  calls: {
    ...{ ...counter, name: "dbintel.postgresql.query.calls", unit: "{call}", number: "int" },
    description: "Times that statements ran",
  },
  rows: {
    ...{ ...counter, name: "dbintel.postgresql.query.rows", unit: "{row}", number: "int" },
    description: "Rows that statements returned or changed",
  },
};
export const queryMetricDefinitions: readonly MetricDefinition[] = Object.values(definitions);

/** The `postgresql.queryid` of what has no series of its own. */
const otherId = "other";
/** A series that is no longer among the greatest keeps its place for so many polls. */
const patience = 10;
/** Until its rank is this much worse than the last place it counts as among them. */
const stayFactor = 1.5;

interface Series {
  readonly key: StatementKey | undefined;
  readonly databaseId: number;
  readonly startMicros: bigint;
  /** Since its start, in the order of `columns`. */
  readonly totals: readonly [number, number, number];
  /** The poll at which it was among the greatest last. */
  readonly wantedAt: number;
}

interface QueryMetricsState {
  readonly poll: number;
  readonly series: ReadonlyMap<string, Series>;
}

/** What the metrics are after one poll. */
export interface PollQueryMetrics extends QueryMetricsState {
  addTo(metrics: MetricsBuilder): void;
}

/**
 * Cumulative sums for backends that want series and not events: for each database, split into at most `limit`
 * statements and the others. A statement that gets a series or loses it moves nothing: what all series grew by is what
 * all statements did.
 */
export class QueryMetrics {
  readonly #limit: number;
  readonly #enabled: ReadonlySet<string>;
  #state: QueryMetricsState = { poll: 0, series: new Map() };

  constructor(options: {
    /** Series of statements at most, beside one for each database; 0 for none. */
    readonly limit: number;
    readonly enabled: (definition: MetricDefinition) => boolean;
  }) {
    this.#limit = options.limit;
    this.#enabled = new Set(queryMetricDefinitions.filter(options.enabled).map(({ name }) => name));
  }

  /** Has all series begin anew. */
  forget(): void {
    this.#state = { poll: 0, series: new Map() };
  }

  get anyEnabled(): boolean {
    return this.#enabled.size > 0;
  }

  after(args: {
    readonly reading: StatementReading;
    readonly deltas: StatementDeltas;
    readonly selection: Selection;
    readonly previousMicros: bigint;
    readonly role: (userId: number) => string | undefined;
  }): PollQueryMetrics {
    const { reading, deltas, selection, previousMicros, role } = args;
    const { table, databases } = reading;
    const poll = this.#state.poll + 1;
    const series = new Map([...this.#state.series].filter(([, { databaseId }]) => databases.has(databaseId)));
    const keyOf = (line: number) => table.key(deltas.rows[line] ?? -1);
    this.#choose({ series, poll, previousMicros, keys: selection.top.map(keyOf) });
    const ids = new Set([...series.values()].map(({ key }) => Number(BigInt.asUintN(32, key?.queryId ?? 0n))));
    const width = table.shape.counters.length;
    const places = columns.map((column) => counterIndex(table.shape, column));
    for (const line of selection.lines) {
      const row = deltas.rows[line] ?? -1;
      const databaseId = table.databaseId(row);
      // Most have no series: their names need not be made.
      const own = ids.has(table.queryIdLow(row)) ? statementName(table.key(row)) : "";
      const name = series.has(own) ? own : `${databaseId}/${otherId}`;
      const known = series.get(name);
      const [time = 0, calls = 0, rows = 0] = places.map((place) => deltas.values[line * width + place] ?? 0);
      const [timeBefore, callsBefore, rowsBefore] = known?.totals ?? [0, 0, 0];
      series.set(name, {
        ...{ key: known?.key, databaseId, startMicros: known?.startMicros ?? previousMicros },
        totals: [timeBefore + time, callsBefore + calls, rowsBefore + rows],
        wantedAt: known?.wantedAt ?? poll,
      });
    }
    return { poll, series, addTo: (metrics) => this.#addTo(metrics, { series, reading, role }) };
  }

  commit({ poll, series }: QueryMetricsState): void {
    this.#state = { poll, series };
  }

  /** Gives the greatest statements a place: a free one, or that of a series that has not been wanted for a while. */
  #choose(args: {
    readonly series: Map<string, Series>;
    readonly poll: number;
    readonly previousMicros: bigint;
    /** The greatest execution time first. */
    readonly keys: readonly StatementKey[];
  }): void {
    const { series, poll, previousMicros, keys } = args;
    for (const key of keys.slice(0, Math.ceil(this.#limit * stayFactor))) {
      const known = series.get(statementName(key));
      if (known !== undefined) series.set(statementName(key), { ...known, wantedAt: poll });
    }
    const held = [...series].filter(([, { key }]) => key !== undefined);
    const idle = held
      .filter(([, { wantedAt }]) => poll - wantedAt > patience)
      .toSorted(([, a], [, b]) => a.wantedAt - b.wantedAt);
    let free = this.#limit - held.length;
    for (const key of keys.slice(0, this.#limit)) {
      const name = statementName(key);
      if (series.has(name)) continue;
      if (free > 0) free--;
      else {
        const [leaving] = idle.shift() ?? [];
        if (leaving === undefined) return;
        series.delete(leaving);
      }
      const { databaseId } = key;
      series.set(name, { key, databaseId, startMicros: previousMicros, totals: [0, 0, 0], wantedAt: poll });
    }
  }

  #addTo(
    metrics: MetricsBuilder,
    args: {
      readonly series: ReadonlyMap<string, Series>;
      readonly reading: StatementReading;
      readonly role: (userId: number) => string | undefined;
    },
  ): void {
    const { series, reading, role } = args;
    if (series.size === 0) return;
    columns.forEach((column, index) => {
      const { name, description, unit, number } = definitions[column];
      if (!this.#enabled.has(name)) return;
      const points = [...series.values()].map(({ key, databaseId, startMicros, totals }) => {
        const total = totals[index] ?? 0;
        const database = shownName(reading.databases.get(databaseId)?.name);
        const split = { "postgresql.queryid": key === undefined ? otherId : String(key.queryId) };
        return {
          timeUnixNano: reading.epoch.clockMicros * 1000n,
          startTimeUnixNano: startMicros * 1000n,
          value: number === "int" ? BigInt(Math.round(total)) : total / 1000,
          attributes: {
            ...Object.fromEntries(Object.keys(databaseLabels).map((label) => [label, database])),
            ...(this.#limit === 0 ? {} : split),
            ...(key === undefined ? {} : { "postgresql.rolname": shownName(role(key.userId)) }),
          },
        };
      });
      metrics.sum({ name, description, unit, monotonic: true, temporality: "cumulative" }, points);
    });
  }
}
