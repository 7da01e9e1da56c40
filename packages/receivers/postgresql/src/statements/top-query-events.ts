import type { AnyValue, LogsBuilder } from "@dbintel/pdata";
import type { StatementPlans } from "../plans/statement-plans.ts";
import { type IntervalStatistics, intervalStatistics } from "./interval-statistics.ts";
import { shownName } from "./names.ts";
import { attributeUnits, counterIndex, type StatementShape } from "./statement-columns.ts";
import { deltaKinds, type StatementDeltas } from "./statement-deltas.ts";
import type { StatementMemory } from "./statement-memory.ts";
import type { StatementReading } from "./statement-source.ts";
import type { StatementTexts } from "./statement-texts.ts";
import type { Selection } from "./top-statements.ts";

export const topQueryEvent = "db.server.top_query";

/** The attributes of an event whose name tells no unit, with their units; said once for all, in the scope. */
export const topQueryUnits = Object.entries({
  ...attributeUnits,
  ...Object.fromEntries(["mean", "stddev", "min", "max"].map((name) => [`postgresql.${name}_exec_time`, "s"])),
  "postgresql.wal_bytes": "By",
})
  .map(([attribute, unit]) => `${attribute}=${unit}`)
  .join(",");

type Attributes = Record<string, AnyValue | undefined>;

/** What all events of one poll have in common. */
export interface TopQueryArgs {
  readonly reading: StatementReading;
  readonly deltas: StatementDeltas;
  readonly selection: Selection;
  readonly texts: StatementTexts;
  /** Absent where plans are not collected. */
  readonly plans: StatementPlans | undefined;
  readonly roles: { get(userId: number): string | undefined };
  /** What the differences were made from. */
  readonly memory: StatementMemory;
  /** When the interval began, by the database's clock as it is now, which may have been set since. */
  readonly startMicros: bigint;
  readonly observedUnixNano: bigint;
  /** Where the server's times of reading and writing are wrong for utility statements, those are left out. */
  readonly wrongUtilityIoTimes: boolean;
}

/**
 * One log record for each selected statement, and one for each database that sums what was not selected.
 *
 * Attributes are those of the OpenTelemetry Collector's `db.server.top_query`, times in seconds. Each record also
 * says which interval its numbers cover: they are differences between its start and the record's time, both by the
 * database's clock.
 */
export function addTopQueryEvents(logs: LogsBuilder, args: TopQueryArgs): void {
  const { reading, deltas, selection, memory, startMicros } = args;
  const { table, epoch } = reading;
  const previousMicros = memory.last?.epoch.clockMicros ?? startMicros;
  const width = table.shape.counters.length;
  for (const line of selection.top) {
    const row = deltas.rows[line] ?? -1;
    const kind = deltaKinds[deltas.kinds[line] ?? 0] ?? "normal";
    const key = table.key(row);
    const values = deltas.values.subarray(line * width, (line + 1) * width);
    // Where the server does not say since when a re-created entry counts, the last reset of all is the latest start.
    const since = table.sinceMicros(row) || epoch.statsResetMicros || startMicros;
    const previousRow = deltas.matches[row] ?? -1;
    const seen = kind === "normal" ? (memory.seenMicros(previousRow) ?? previousMicros) : previousMicros;
    const isAnew = kind === "recreated" && since > startMicros && since < epoch.clockMicros;
    const started = isAnew ? since : seen + startMicros - previousMicros;
    const previous = memory.last?.table;
    const plan = args.plans?.get(key);
    const ioTimes = !args.wrongUtilityIoTimes || args.texts.get(key)?.utility === false;
    add(started, values, ioTimes, {
      ...executions(intervalStatistics({ kind, current: table, row, previous, previousRow })),
      "db.namespace": shownName(reading.databases.get(key.databaseId)?.name),
      "db.query.text": args.texts.shown(key),
      "postgresql.query_plan": plan?.plan,
      "db.query.plan.source": plan?.source,
      "db.query.plan.absent_reason": plan?.reason,
      "postgresql.queryid": String(key.queryId),
      "postgresql.userid": BigInt(key.userId),
      "postgresql.rolname": shownName(args.roles.get(key.userId)),
      "postgresql.toplevel": key.toplevel,
      "dbintel.delta.kind": kind,
    });
  }
  for (const other of selection.others) {
    add(startMicros, other.values, !args.wrongUtilityIoTimes, {
      "db.namespace": shownName(reading.databases.get(other.databaseId)?.name),
      "dbintel.delta.kind": "other",
      "dbintel.statement.count": BigInt(other.statements),
    });
  }

  function add(sinceMicros: bigint, values: Float64Array, ioTimes: boolean, named: Readonly<Attributes>) {
    const attributes: Attributes = { "db.system.name": "postgresql", ...named };
    addMeasurements(attributes, { shape: table.shape, values, ioTimes });
    attributes["dbintel.interval.start_time_unix_nano"] = sinceMicros * 1000n;
    logs.record({
      timeUnixNano: epoch.clockMicros * 1000n,
      observedTimeUnixNano: args.observedUnixNano,
      eventName: topQueryEvent,
      attributes,
    });
  }
}

function addMeasurements(
  attributes: Attributes,
  args: { readonly shape: StatementShape; readonly values: Float64Array; readonly ioTimes: boolean },
): void {
  const { shape, values, ioTimes } = args;
  shape.counters.forEach(({ column, attribute, type, rare }, index) => {
    const value = values[index] ?? 0;
    if ((rare && value === 0) || (!ioTimes && isIoTime(column))) return;
    attributes[attribute] = type === "integer" ? BigInt(value) : value / 1000;
  });
  const calls = values[counterIndex(shape, "calls")] ?? 0;
  const time = values[counterIndex(shape, "total_exec_time")] ?? 0;
  if (calls > 0) attributes["postgresql.mean_exec_time"] = time / calls / 1000;
}

function isIoTime(column: string): boolean {
  return column.endsWith("_blk_read_time") || column.endsWith("_blk_write_time");
}

function executions({ deviationMs, imprecise, extremes }: IntervalStatistics): Attributes {
  return {
    "postgresql.stddev_exec_time": inSeconds(deviationMs),
    "dbintel.stddev.imprecise": imprecise,
    "postgresql.min_exec_time": inSeconds(extremes?.minMs),
    "postgresql.max_exec_time": inSeconds(extremes?.maxMs),
    "dbintel.minmax.start_time_unix_nano":
      extremes?.sinceMicros === undefined ? undefined : extremes.sinceMicros * 1000n,
  };
}

function inSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}
