import type { AnyValue, LogsBuilder } from "@dbintel/pdata";
import type { StatementPlans } from "../plans/plan-collector.ts";
import { counterIndex, type StatementShape } from "./statement-columns.ts";
import { deltaKinds, type StatementDeltas } from "./statement-deltas.ts";
import type { StatementReading } from "./statement-source.ts";
import type { StatementTexts } from "./statement-texts.ts";
import type { Selection } from "./top-statements.ts";

export const topQueryEvent = "db.server.top_query";

/** What all events of one poll have in common. */
export interface TopQueryArgs {
  readonly reading: StatementReading;
  readonly deltas: StatementDeltas;
  readonly selection: Selection;
  readonly texts: StatementTexts;
  /** Absent where plans are not collected. */
  readonly plans: StatementPlans | undefined;
  readonly roles: { get(userId: number): string | undefined };
  /** The database's clock at the poll before. */
  readonly previousMicros: bigint;
  readonly observedUnixNano: bigint;
}

/**
 * One log record for each selected statement, and one for each database that sums what was not selected.
 *
 * Attributes are those of the OpenTelemetry Collector's `db.server.top_query`, times in seconds. Each record also
 * says which interval its numbers cover: they are differences between its start and the record's time, both by the
 * database's clock.
 */
export function addTopQueryEvents(logs: LogsBuilder, args: TopQueryArgs): void {
  const { reading, deltas, selection } = args;
  const { table, epoch } = reading;
  const width = table.shape.counters.length;
  for (const line of selection.top) {
    const row = deltas.rows[line] ?? -1;
    const kind = deltaKinds[deltas.kinds[line] ?? 0] ?? "normal";
    const key = table.key(row);
    const values = deltas.values.subarray(line * width, (line + 1) * width);
    // Where the server does not say since when a re-created entry counts, the last reset of all is the latest start.
    const since = table.sinceMicros(row) || epoch.statsResetMicros || args.previousMicros;
    const started = kind === "recreated" && since > args.previousMicros ? since : args.previousMicros;
    add(started, values, {
      "db.namespace": reading.databases.get(key.databaseId)?.name,
      "db.query.text": args.texts.shown(key),
      "postgresql.query_plan": args.plans?.get(key)?.plan,
      "db.query.plan.absent_reason": args.plans?.get(key)?.reason,
      "postgresql.queryid": String(key.queryId),
      "postgresql.userid": BigInt(key.userId),
      "postgresql.rolname": args.roles.get(key.userId),
      "postgresql.toplevel": key.toplevel,
      "dbintel.delta.kind": kind,
    });
  }
  for (const other of selection.others) {
    add(args.previousMicros, other.values, {
      "db.namespace": reading.databases.get(other.databaseId)?.name,
      "dbintel.delta.kind": "other",
      "dbintel.statement.count": BigInt(other.statements),
    });
  }

  function add(startMicros: bigint, values: Float64Array, attributes: Readonly<Record<string, AnyValue | undefined>>) {
    logs.record({
      timeUnixNano: epoch.clockMicros * 1000n,
      observedTimeUnixNano: args.observedUnixNano,
      eventName: topQueryEvent,
      attributes: {
        "db.system.name": "postgresql",
        ...attributes,
        ...measurements(table.shape, values),
        "dbintel.interval.start_time_unix_nano": startMicros * 1000n,
      },
    });
  }
}

function measurements(shape: StatementShape, values: Float64Array): Record<string, AnyValue> {
  const attributes: Record<string, AnyValue> = {};
  shape.counters.forEach((counter, index) => {
    const value = values[index] ?? 0;
    attributes[counter.attribute] = counter.type === "integer" ? BigInt(value) : value / 1000;
  });
  const calls = values[counterIndex(shape, "calls")] ?? 0;
  const time = values[counterIndex(shape, "total_exec_time")] ?? 0;
  if (calls > 0) attributes["postgresql.mean_exec_time"] = time / calls / 1000;
  return attributes;
}
