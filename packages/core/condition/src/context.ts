import type { DataPoint, LogRecord, Metric, Signal, Span } from "@dbintel/pdata";

/** The item that a condition of each context looks at; the names are those of OTTL's contexts. */
export interface ItemOf {
  readonly log: LogRecord;
  readonly span: Span;
  readonly datapoint: DataPoint;
  readonly metric: Metric;
}

/** What a condition looks at: a log record, a span, a data point, or a metric with all its points. */
export type ConditionContext = keyof ItemOf;

/** The context of a signal's items. */
export const contextOf = {
  logs: "log",
  metrics: "datapoint",
  traces: "span",
} as const satisfies Record<Signal, ConditionContext>;
