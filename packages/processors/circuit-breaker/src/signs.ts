import { compileCondition } from "@dbintel/condition";
import type { Item, Signal } from "@dbintel/pdata";
import type { CircuitBreakerConfig } from "./config.ts";

/** What an item tells about the health of its database. */
export interface Signs {
  failed(item: Item): boolean;
  slow(item: Item): boolean;
}

const never = () => false;

/** Compiles what a sick database looks like in telemetry of the signal; `undefined` when nothing tells. */
export function signsOf(health: CircuitBreakerConfig["health"], signal: Signal): Signs | undefined {
  const { log, span, datapoint, slow_span_threshold: slowMs } = health ?? {};
  // A pipeline hands only items of its signal.
  const compiled = (expression: string | undefined, context: "log" | "span" | "datapoint") =>
    expression === undefined ? never : (compileCondition(expression, context).matches as (item: Item) => boolean);
  if (signal === "logs") return log === undefined ? undefined : { failed: compiled(log, "log"), slow: never };
  if (signal === "metrics") {
    return datapoint === undefined ? undefined : { failed: compiled(datapoint, "datapoint"), slow: never };
  }
  if (span === undefined && slowMs === undefined) return undefined;
  const slow = slowMs === undefined ? undefined : `duration >= duration("${slowMs}ms")`;
  return { failed: compiled(span, "span"), slow: compiled(slow, "span") };
}
