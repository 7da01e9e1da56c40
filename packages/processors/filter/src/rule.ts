import { type ConditionContext, compileCondition, type ItemOf } from "@dbintel/condition";
import type { BatchOf, Signal } from "@dbintel/pdata";
import type { FilterConfig } from "./config.ts";

/** The reason in the accounting. */
const reason = "filtered";

/** Drops from a batch what the conditions name. */
export type Rule<S extends Signal> = (batch: BatchOf[S]) => void;

/** The rule of each signal; `undefined` where no condition is for it. */
export function rules(config: FilterConfig): { readonly [S in Signal]: () => Rule<S> | undefined } {
  return {
    logs: () => logsRule(config.logs),
    traces: () => tracesRule(config.traces),
    metrics: () => metricsRule(config.metrics),
  };
}

/** One test for several conditions: true when one of them is. */
function anyOf<C extends ConditionContext>(
  expressions: readonly string[],
  context: C,
): ((item: ItemOf[C]) => boolean) | undefined {
  const conditions = expressions.map((expression) => compileCondition(expression, context));
  const [only] = conditions;
  if (only === undefined) return undefined;
  if (conditions.length === 1) return only.matches;
  return (item) => {
    for (const condition of conditions) if (condition.matches(item)) return true;
    return false;
  };
}

function logsRule({ log_record }: FilterConfig["logs"]): Rule<"logs"> | undefined {
  const unwanted = anyOf(log_record, "log");
  if (unwanted === undefined) return undefined;
  return (batch) => {
    const record = batch.records();
    while (record.advance()) if (unwanted(record)) record.drop(reason);
  };
}

function tracesRule({ span: expressions }: FilterConfig["traces"]): Rule<"traces"> | undefined {
  const unwanted = anyOf(expressions, "span");
  if (unwanted === undefined) return undefined;
  return (batch) => {
    const span = batch.spans();
    while (span.advance()) if (unwanted(span)) span.drop(reason);
  };
}

function metricsRule(config: FilterConfig["metrics"]): Rule<"metrics"> | undefined {
  const unwantedMetric = anyOf(config.metric, "metric");
  const unwantedPoint = anyOf(config.datapoint, "datapoint");
  if (unwantedMetric === undefined && unwantedPoint === undefined) return undefined;
  return (batch) => {
    if (unwantedMetric !== undefined) {
      const metric = batch.metrics();
      while (metric.advance()) if (unwantedMetric(metric)) metric.drop(reason);
    }
    if (unwantedPoint !== undefined) {
      const point = batch.points();
      while (point.advance()) if (unwantedPoint(point)) point.drop(reason);
    }
  };
}
