import { createTestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { BatchMetrics } from "./batch-metrics.ts";

it("counts sends by what triggered them, and their sizes, under the OpenTelemetry Collector's names", () => {
  const host = createTestHost();
  const noted: unknown[] = [];
  const keep = (name: string) => (value: number, attributes: unknown) => void noted.push([name, value, attributes]);
  const meter = Object.assign(Object.create(host.meter), {
    createCounter: (name: string) => ({ add: keep(name) }),
    createHistogram: (name: string) => ({ record: keep(name) }),
  });
  const metrics = new BatchMetrics({ ...host, meter }, "batch/large");
  metrics.sent("size", 8192);
  metrics.sent("timeout", 10);
  metrics.sent("stop", 3);
  const processor = { processor: "batch/large" };
  expect(noted).toEqual([
    ["otelcol_processor_batch_batch_size_trigger_send", 1, processor],
    ["otelcol_processor_batch_batch_send_size", 8192, processor],
    ["otelcol_processor_batch_timeout_trigger_send", 1, processor],
    ["otelcol_processor_batch_batch_send_size", 10, processor],
    ["otelcol_processor_batch_batch_send_size", 3, processor],
  ]);
});
