import type { AnyValue, LogsBuilder } from "@dbintel/pdata";
import type { StatementPlans } from "../plans/plan-collector.ts";
import { statementName } from "../plans/statement-name.ts";
import type { PollPrepared } from "./prepared/prepared-statements.ts";
import { shownSchema } from "./schema-name.ts";
import { startOf } from "./statement-deltas.ts";
import type { StatementReading } from "./statement-source.ts";
import type { StatementTexts } from "./statement-texts.ts";
import type { OtherStatements, Selection } from "./top-statements.ts";

export const topQueryEvent = "db.server.top_query";
const prefix = "mysql.events_statements_summary_by_digest.";
const preparedPrefix = "mysql.prepared_statements_instances.";

/** What all events of one poll have in common. */
export interface TopQueryArgs {
  readonly reading: StatementReading;
  readonly selection: Selection;
  /** What is not in the summary. */
  readonly prepared: PollPrepared | undefined;
  readonly texts: StatementTexts;
  /** By the name of the statement; `undefined` where none are asked for. */
  readonly plans: StatementPlans | undefined;
  /** When the interval began, by the server's clock. */
  readonly startMicros: bigint;
  readonly observedUnixNano: bigint;
}

/**
 * One log record for each selected statement, one for each schema that sums what was not selected, and one for what
 * the server itself could count in one row only.
 *
 * Attributes are those of the OpenTelemetry Collector's `db.server.top_query`, times in seconds. Each record also
 * says which interval its numbers cover: they are differences between its start and the record's time, both by the
 * server's clock.
 */
export function addTopQueryEvents(logs: LogsBuilder, args: TopQueryArgs): void {
  const { reading, selection, texts, startMicros } = args;
  const { table, epoch, capabilities } = reading;
  // Once a poll and not once a record.
  const measurements = table.counters.map(({ attribute, type }) => ({
    name: prefix + attribute,
    isTime: type === "picoseconds",
  }));
  for (const delta of selection.top) {
    const { schema, digest } = table.key(delta.row);
    const plan = digest === null ? undefined : args.plans?.get(statementName({ schema, digest }));
    add(delta.values, startOf(delta, { table, startMicros }), {
      "db.namespace": shownSchema(schema),
      "db.query.text": digest === null ? undefined : texts.shown(digest),
      "mysql.query_plan": plan?.plan,
      "mysql.query_plan.hash": plan?.hash,
      "db.query.plan.absent_reason": plan?.reason,
      [`${prefix}digest`]: digest ?? undefined,
      "dbintel.delta.kind": delta.kind,
    });
  }
  if (selection.overflow !== undefined) {
    add(selection.overflow.values, startOf(selection.overflow, { table, startMicros }), {
      "dbintel.delta.kind": "overflow",
    });
  }
  addOthers(selection.others, startMicros);
  if (args.prepared !== undefined) addPrepared(args.prepared);

  function addPrepared({ top, others, rest, startMicros }: PollPrepared): void {
    for (const { schema, text, fingerprint, open, reprepares, values } of top) {
      add(values, startMicros, {
        "db.namespace": shownSchema(schema),
        "db.query.text": text,
        "db.query.fingerprint": fingerprint,
        "dbintel.delta.kind": "prepared",
        "dbintel.statement.count": BigInt(open),
        [`${preparedPrefix}count_reprepare`]: reprepares,
      });
    }
    addOthers(others, startMicros);
    if (rest.some((value) => value > 0n)) add(rest, startMicros, { "dbintel.delta.kind": "prepared_other" });
  }

  function addOthers(others: readonly OtherStatements[], startMicros: bigint): void {
    for (const { schema, statements, values } of others) {
      add(values, startMicros, {
        "db.namespace": shownSchema(schema),
        "dbintel.delta.kind": "other",
        "dbintel.statement.count": BigInt(statements),
      });
    }
  }

  function add(
    values: readonly bigint[],
    startMicros: bigint,
    own: Readonly<Record<string, AnyValue | undefined>>,
  ): void {
    const attributes: Record<string, AnyValue | undefined> = {
      "db.system.name": capabilities.product,
      ...own,
      "dbintel.interval.start_time_unix_nano": startMicros * 1000n,
    };
    measurements.forEach(({ name, isTime }, index) => {
      const value = values[index] ?? 0n;
      attributes[name] = isTime ? Number(value) / 1e12 : value;
    });
    logs.record({
      timeUnixNano: epoch.clockMicros * 1000n,
      observedTimeUnixNano: args.observedUnixNano,
      eventName: topQueryEvent,
      attributes,
    });
  }
}
