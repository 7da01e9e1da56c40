import type { AnyValue, Batch, Distribution, Logs, Metrics } from "@dbintel/pdata";

/** A log record that is an event, as a test reads it. */
export interface SeenEvent {
  readonly name: string;
  readonly timeUnixNano: bigint;
  readonly traceId: string;
  readonly attributes: ReadonlyMap<string, AnyValue>;
  /** The number of an attribute, 0 when there is none. */
  number(name: string): number;
  /** The text of an attribute, empty when there is none. */
  text(name: string): string;
}

/** The records of those batches that hold logs. */
export function eventsOf(batches: readonly Batch[]): SeenEvent[] {
  const logs = batches.filter((batch): batch is Logs => batch.signal === "logs");
  return logs.flatMap((batch) =>
    Array.from(batch.records(), ({ eventName: name, timeUnixNano, traceId, attributes: cursor }) => {
      const attributes = new Map(cursor.entries());
      return {
        ...{ name, timeUnixNano, traceId, attributes },
        number: (key) => Number(attributes.get(key) ?? 0),
        text: (key) => String(attributes.get(key) ?? ""),
      };
    }),
  );
}

/** A data point with what it is a point of, as a test reads it. */
export interface SeenPoint {
  readonly name: string;
  readonly unit: string;
  readonly type: string;
  readonly monotonic: boolean;
  readonly temporality: string;
  readonly value: bigint | number | undefined;
  readonly distribution: Distribution | undefined;
  readonly startTimeUnixNano: bigint;
  readonly timeUnixNano: bigint;
  readonly attributes: ReadonlyMap<string, AnyValue>;
}

/** The data points of those batches that hold metrics. */
export function pointsOf(batches: readonly Batch[]): SeenPoint[] {
  const metrics = batches.filter((batch): batch is Metrics => batch.signal === "metrics");
  return metrics.flatMap((batch) =>
    Array.from(batch.points(), ({ metric, attributes, value, distribution, startTimeUnixNano, timeUnixNano }) => {
      const { name, unit, type, monotonic, temporality } = metric;
      const seen = { value, distribution, startTimeUnixNano, timeUnixNano, attributes: new Map(attributes.entries()) };
      return { name, unit, type, monotonic, temporality, ...seen };
    }),
  );
}
