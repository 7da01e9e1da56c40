import { describe, expect, it } from "vitest";
import { z } from "zod";
import { filterConfig } from "./config.ts";

function problems(config: unknown): readonly (readonly [string, string])[] {
  const result = filterConfig.safeParse(config);
  return result.success ? [] : result.error.issues.map(({ path, message }) => [path.join("."), message] as const);
}

describe("filterConfig", () => {
  it("fills in what is not given", () => {
    expect(filterConfig.parse({ logs: { log_record: ["true"] } })).toEqual({
      error_mode: "ignore",
      logs: { log_record: ["true"] },
      traces: { span: [] },
      metrics: { metric: [], datapoint: [] },
    });
  });

  it("reports each wrong condition at its place", () => {
    const found = problems({
      logs: { log_record: ["severity_number > 3", "severty_number > 3"] },
      metrics: { metric: ['attributes["k"] == 1'], datapoint: ["value =="] },
    });
    expect(found.map(([path, message]) => `${path}: ${message.split("\n")[0]}`)).toEqual([
      'logs.log_record.1: unknown variable "severty_number" (did you mean "severity_number"?) at 1:1',
      'metrics.metric.0: unknown variable "attributes" at 1:1',
      "metrics.datapoint.0: the condition ends too early at 1:9",
    ]);
  });

  it.each<[string, string]>([
    ['IsMatch(body, "x")', 'write body.matches("pattern")'],
    ['attributes["k"] == nil', 'write !("k" in attributes)'],
    ['resource.attributes["k"] == "a" and severity_number < 9', "CEL writes && for OTTL's and"],
  ])("says how to write the OTTL condition %s", (condition, expected) => {
    expect(problems({ logs: { log_record: [condition] } })[0]?.[1]).toContain(expected);
  });

  it.each<[unknown, string]>([
    [{ log_conditions: ["true"] }, "not supported: write logs: { log_record: [...] }"],
    [{ metrics: { include: {} } }, "not supported: write the negated condition"],
    [{ traces: { spanevent: ["true"] } }, "not supported: events of a span cannot be dropped"],
    [{ logs: { resource: ["true"] } }, "not supported: write a condition on resource.attributes"],
    [{ error_mode: "propagate" }, 'expected "ignore" or "silent": a condition without an answer never fails'],
    [{}, "a filter without a condition drops nothing"],
    [{ logs: { log_record: [] } }, "a filter without a condition drops nothing"],
    [{ logs: { log_records: ["true"] } }, "log_records"],
  ])("refuses %j: %s", (config, expected) => {
    expect(
      problems(config)
        .map(([, message]) => message)
        .join("\n"),
    ).toContain(expected);
  });

  it("has a JSON Schema with the defaults", () => {
    expect(z.toJSONSchema(filterConfig, { io: "input" })).toMatchObject({
      additionalProperties: false,
      properties: { error_mode: { default: "ignore" }, logs: { properties: { log_record: { default: [] } } } },
    });
  });
});
