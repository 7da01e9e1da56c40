import { type ConditionContext, conditionText } from "@dbintel/condition";
import { unsupported } from "@dbintel/config";
import { z } from "zod";

/** Conditions of one context. */
function conditions(context: ConditionContext, description: string) {
  return z.array(conditionText(context)).default([]).describe(description);
}

const resource = unsupported("write a condition on resource.attributes under log_record, span or metric");
const include = unsupported("write the negated condition, since a condition that is true drops");
const exclude = unsupported("write it as a condition, which drops what it is true for");

/**
 * Which items to drop, with the keys of the OpenTelemetry Collector's filter processor; the conditions are CEL there
 * where the collector's are OTTL, and mean the same: a condition that is true drops, one of a list is enough.
 */
export const filterConfig = z
  .strictObject({
    error_mode: z
      .enum(["ignore", "silent"], {
        error: 'expected "ignore" or "silent": a condition without an answer never fails, it does not match',
      })
      .default("ignore")
      .describe("Accepted for configurations of the OpenTelemetry Collector; both mean the same here"),
    logs: z
      .strictObject({ log_record: conditions("log", "Log records to drop, in CEL"), resource, include, exclude })
      .prefault({})
      .describe("Conditions for logs"),
    traces: z
      .strictObject({
        span: conditions("span", "Spans to drop, in CEL"),
        spanevent: unsupported("events of a span cannot be dropped apart from it"),
        resource,
      })
      .prefault({})
      .describe("Conditions for traces"),
    metrics: z
      .strictObject({
        metric: conditions("metric", "Metrics to drop with all their points, in CEL"),
        datapoint: conditions("datapoint", "Data points to drop, in CEL"),
        resource,
        include,
        exclude,
      })
      .prefault({})
      .describe("Conditions for metrics; `metric` comes first"),
    spans: unsupported("write traces: { span: [...] }"),
    log_conditions: unsupported("write logs: { log_record: [...] }"),
    trace_conditions: unsupported("write traces: { span: [...] }"),
    metric_conditions: unsupported("write metrics: { metric: [...], datapoint: [...] }"),
  })
  .refine(
    ({ logs, traces, metrics }) =>
      [logs.log_record, traces.span, metrics.metric, metrics.datapoint].some((list) => list.length > 0),
    { error: "a filter without a condition drops nothing: add one, or remove the filter from its pipelines" },
  );

export type FilterConfig = z.output<typeof filterConfig>;
