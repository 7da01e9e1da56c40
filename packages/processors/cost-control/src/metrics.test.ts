import { type Batch, logsBuilder, metricsBuilder } from "@dbintel/pdata";
import { expect, it } from "vitest";
import { context, onStep } from "../test/running.ts";

const minuteMs = 60_000;

it("tells step, pressure and what is used, also when nothing is left", async () => {
  const batch: Batch = logsBuilder()
    .record({ severityNumber: 17, body: "x".repeat(100) })
    .build();
  const settings = { bytes_per_day: batch.byteSize * 2 };
  const { host, part, gauges, send } = await onStep("normal", settings);
  await send(batch);
  await host.clock.advance(minuteMs);
  expect(gauges.get("dbintel_cost_control_step")).toBe(1);
  expect(gauges.get("dbintel_cost_control_used")).toBe(0.5);
  expect(gauges.get("dbintel_cost_control_pressure")).toBeGreaterThan(1);
  for (let count = 0; count < 3; count++) await send(batch.fork());
  await host.clock.advance(minuteMs);
  expect(gauges.get("dbintel_cost_control_step")).toBe(7);
  expect(gauges.get("dbintel_cost_control_pressure")).toBe(1000);
  expect(gauges.get("dbintel_cost_control_used")).toBeGreaterThan(2);
  expect(gauges.has("dbintel_cost_control_cardinality")).toBe(false);
  await part.stop(context);
});

it("tells the series of the metric that has most", async () => {
  const { host, part, gauges, send } = await onStep("normal", {}, { signal: "metrics" });
  const points = Array.from({ length: 30 }, (_, id) => ({
    attributes: { id: BigInt(id) },
    timeUnixNano: 1n,
    value: 1n,
  }));
  await send(metricsBuilder().gauge({ name: "a" }, points).gauge({ name: "b" }, points.slice(20)).build());
  await host.clock.advance(minuteMs);
  expect(gauges.get("dbintel_cost_control_cardinality")).toBe(30);
  await part.stop(context);
});
