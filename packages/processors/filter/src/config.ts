import { type ConditionContext, conditionProblem } from "@dbintel/condition";
import { z } from "zod";

/** Conditions of one context, checked here already so that `dbintel validate` reports what is wrong with them. */
function conditions(context: ConditionContext, description: string) {
  const condition = z.string().superRefine((expression, refinement) => {
    const message = conditionProblem(expression, context);
    if (message !== undefined) refinement.addIssue({ code: "custom", message });
  });
  return z.array(condition).default([]).describe(description);
}

/** Keys of the OpenTelemetry Collector's filter processor that are not there, with what to write instead. */
const replacements: Readonly<Record<string, string>> = {
  log_conditions: "write logs: { log_record: [...] }",
  trace_conditions: "write traces: { span: [...] }",
  metric_conditions: "write metrics: { metric: [...], datapoint: [...] }",
  include: "write the negated condition, since a condition that is true drops",
  exclude: "write it as a condition that is true for what is to be dropped",
  resource: "write a condition on resource.attributes under log_record, span or metric",
  spans: "write traces: { span: [...] }",
  spanevent: "events of a span cannot be dropped apart from it",
};

/** A strict object that says of a key of the collector what to write instead. */
function filterObject<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      const known = issue.keys.find((key) => Object.hasOwn(replacements, key));
      return known === undefined ? undefined : `${known} is not supported: ${replacements[known]}`;
    },
  });
}

/**
 * Which items to drop, with the keys of the OpenTelemetry Collector's filter processor; the conditions are CEL there
 * where the collector's are OTTL, and mean the same: a condition that is true drops, one of a list is enough.
 */
export const filterConfig = filterObject({
  error_mode: z
    .enum(["ignore", "silent"], {
      error: 'expected "ignore" or "silent": a condition without an answer never fails, it does not match',
    })
    .default("ignore")
    .describe("Accepted for configurations of the OpenTelemetry Collector; both mean the same here"),
  logs: filterObject({ log_record: conditions("log", "Log records to drop, in CEL") })
    .prefault({})
    .describe("Conditions for logs"),
  traces: filterObject({ span: conditions("span", "Spans to drop, in CEL") })
    .prefault({})
    .describe("Conditions for traces"),
  metrics: filterObject({
    metric: conditions("metric", "Metrics to drop with all their points, in CEL"),
    datapoint: conditions("datapoint", "Data points to drop, in CEL"),
  })
    .prefault({})
    .describe("Conditions for metrics; those for metrics come first"),
}).refine(
  ({ logs, traces, metrics }) =>
    [logs.log_record, traces.span, metrics.metric, metrics.datapoint].some((list) => list.length > 0),
  { error: "a filter without a condition drops nothing: add one, or remove the filter from its pipelines" },
);

export type FilterConfig = z.output<typeof filterConfig>;
