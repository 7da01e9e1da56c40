import type { MetricDefinition } from "@dbintel/watching";

/** The column of the row of status that says since when the counters count, in microseconds since 1970. */
export const startedColumn = "started";

type Kind = "counter" | "sum" | "gauge";

interface Options {
  readonly description: string;
  /** Default "1", as the OpenTelemetry Collector has it. */
  readonly unit?: string;
  readonly type?: Kind;
  /** Default true. */
  readonly enabled?: boolean;
}

/** A metric of one number of SHOW GLOBAL STATUS. */
export function one(name: string, variable: string, options: Options): MetricDefinition {
  return { ...described(name, options), values: [{ column: variable.toLowerCase() }] };
}

/** A metric of several numbers that one attribute tells apart: attribute value → status variable. */
export function many(
  name: string,
  attribute: string,
  variables: Readonly<Record<string, string>>,
  options: Options,
): MetricDefinition {
  const values = Object.entries(variables).map(([value, variable]) => ({
    column: variable.toLowerCase(),
    attributes: { [attribute]: value },
  }));
  return { ...described(name, options), values };
}

/** Variables that are called by a prefix and the attribute's value. */
export function prefixed(prefix: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value) => [value, `${prefix}${value}`]));
}

function described(name: string, options: Options): Omit<MetricDefinition, "values"> {
  const { description, unit = "1", type = "counter", enabled = true } = options;
  return {
    ...{ name, description, unit, type, enabled },
    number: "int",
    ...(type === "counter" ? { startColumn: startedColumn } : {}),
  };
}
