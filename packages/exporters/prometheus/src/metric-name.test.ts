import { describe, expect, it } from "vitest";
import { labelName, metricName } from "./metric-name.ts";

const gauge = { type: "gauge", monotonic: false } as const;
const counter = { type: "sum", monotonic: true } as const;
const upDown = { type: "sum", monotonic: false } as const;
const plain = { namespace: "", suffixes: true };

describe("the name of a metric", () => {
  it.each([
    ["postgresql.commits", "1", counter, "postgresql_commits_total"],
    ["postgresql.db_size", "By", upDown, "postgresql_db_size_bytes"],
    ["postgresql.backends", "1", upDown, "postgresql_backends"],
    ["cpu.utilization", "1", gauge, "cpu_utilization_ratio"],
    ["db.client.operation.duration", "s", gauge, "db_client_operation_duration_seconds"],
    ["request.total", "", counter, "request_total"],
    ["size_bytes", "By", gauge, "size_bytes"],
    ["speed", "m/s", gauge, "speed_meters_per_second"],
    ["rows", "{row}/s", gauge, "rows_per_second"],
    ["connections", "{connection}", upDown, "connections"],
    ["9lives..x", "", gauge, "_9lives_x"],
    ["wörter", "%", gauge, "w_rter_percent"],
  ])("%s in %s becomes …", (name, unit, kind, expected) => {
    expect(metricName({ name, unit, ...kind }, plain)).toBe(expected);
  });

  it("may have a word before it, and none behind it", () => {
    const metric = { name: "db.calls", unit: "s", ...counter };
    expect(metricName(metric, { namespace: "mine", suffixes: false })).toBe("mine_db_calls");
  });
});

it.each([
  ["db.namespace", "db_namespace"],
  ["9", "key_9"],
  ["", "_"],
  ["a-b", "a_b"],
])("the label of %j is %j", (key, name) => {
  expect(labelName(key)).toBe(name);
});
