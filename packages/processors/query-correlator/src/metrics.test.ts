import { createTestHost } from "@dbintel/pipeline/testing";
import { advise, type Evidence } from "@dbintel/waits";
import { expect, it } from "vitest";
import { CorrelatorMetrics } from "./metrics.ts";

const nowMs = 1_800_000_000_000;

it("counts findings by what was found and how severe it is, each batch once", () => {
  const counted: unknown[] = [];
  const host = createTestHost();
  const meter = Object.assign(Object.create(host.meter), {
    createCounter: (name: string) => ({
      add: (value: number, attributes: object) => counted.push([name, value, attributes]),
    }),
  });
  const metrics = new CorrelatorMetrics({ ...host, meter }, "query_correlator");
  const evidence: Evidence = {
    database: "shop",
    planChange: { timeMs: nowMs, value: { before: "v1:a", after: "v1:b" } },
  };
  for (const _ of [1, 2]) metrics.found(advise({ evidence, nowMs }));
  metrics.flush();
  metrics.flush();
  const attributes = { processor: "query_correlator", finding: "plan_change", severity: "low" };
  expect(counted).toEqual([["dbintel_query_correlator_findings", 2, attributes]]);
});
