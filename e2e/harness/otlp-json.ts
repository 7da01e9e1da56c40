/** Reads OTLP/JSON as another program wrote it: only what scenarios look at. */

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Resource {
  readonly attributes?: readonly KeyValue[];
}

interface LogsRequest {
  readonly resourceLogs: readonly {
    readonly resource?: Resource;
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly timeUnixNano?: string;
        readonly eventName?: string;
        readonly attributes?: readonly KeyValue[];
      }[];
    }[];
  }[];
}

interface Points {
  readonly dataPoints: readonly { readonly startTimeUnixNano?: string; readonly timeUnixNano: string }[];
}

interface Metric {
  readonly name: string;
  readonly gauge?: Points;
  readonly sum?: Points;
  readonly histogram?: Points;
}

interface MetricsRequest {
  readonly resourceMetrics: readonly {
    readonly resource?: Resource;
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}

/** A log record with its attributes by name; 64-bit integers are texts, as OTLP/JSON writes them. */
export interface ReceivedRecord {
  readonly timeUnixNano: string | undefined;
  readonly eventName: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export function attributesOf({ attributes = [] }: Resource): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

export function logRecords(requests: readonly unknown[]): readonly ReceivedRecord[] {
  return (requests as readonly Partial<LogsRequest>[])
    .flatMap(({ resourceLogs = [] }) => resourceLogs)
    .flatMap(({ scopeLogs }) => scopeLogs)
    .flatMap(({ logRecords }) => logRecords)
    .map((record) => ({
      timeUnixNano: record.timeUnixNano,
      eventName: record.eventName,
      attributes: attributesOf(record),
    }));
}

export function metricNames(requests: readonly unknown[]): ReadonlySet<string> {
  return new Set(
    (requests as readonly MetricsRequest[])
      .flatMap(({ resourceMetrics }) => resourceMetrics)
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
      .map(({ name }) => name),
  );
}

/** The times of all data points among requests of any signal. */
export function dataPoints(requests: readonly unknown[]) {
  return (requests as readonly Partial<MetricsRequest>[])
    .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ name, gauge, sum, histogram }) =>
      [gauge, sum, histogram].flatMap((points) =>
        (points?.dataPoints ?? []).map(({ startTimeUnixNano: start, timeUnixNano }) => ({
          metric: name,
          start: start === undefined ? undefined : BigInt(start),
          time: BigInt(timeUnixNano),
        })),
      ),
    );
}

/** The resources of a list of metrics requests. */
export function resourcesOf(requests: readonly unknown[]): readonly Resource[] {
  return (requests as readonly MetricsRequest[])
    .flatMap(({ resourceMetrics }) => resourceMetrics)
    .flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
}
