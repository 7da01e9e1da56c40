/** A number of a row and what tells it from the other numbers of the same metric. */
export interface MetricValue {
  readonly column: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A metric as data: where its numbers are and how they are sent. */
export interface MetricDefinition {
  readonly name: string;
  readonly description: string;
  /** UCUM, as the OpenTelemetry Collector's receiver writes it. */
  readonly unit: string;
  /** `counter`: monotonic cumulative sum. `sum`: non-monotonic cumulative sum. `gauge`: what it is now. */
  readonly type: "counter" | "sum" | "gauge";
  readonly number: "int" | "double";
  /** Whether it is sent when the configuration does not say. */
  readonly enabled: boolean;
  readonly values: readonly MetricValue[];
  /** Counters: the column with the moment since when they count, in microseconds since 1970. */
  readonly startColumn?: string;
}

/** Attributes from columns; a column that is NULL leaves its attribute out. */
export type MetricLabels = Readonly<Record<string, string>>;

/** A query and the metrics that are made of its rows; not run when none of them is enabled. */
export interface MetricQuery<Capabilities> {
  readonly name: string;
  readonly metrics: readonly MetricDefinition[];
  /** Whether it costs the server more than counters do: left out of a probe, and where a budget wants only essentials. */
  readonly dear?: boolean;
  readonly labels?: MetricLabels;
  /** The query for a server; `undefined` when this one has nothing to ask. */
  sql(capabilities: Capabilities): string | undefined;
}

/** A metric with one number a row. */
export function single(definition: Omit<MetricDefinition, "values">, column: string): MetricDefinition {
  return { ...definition, values: [{ column }] };
}
