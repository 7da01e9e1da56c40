import { RetryableError } from "@dbintel/errors";
import type { Host } from "@dbintel/pipeline";
import { createTestHost, settle } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { Destination, logs, never, schema } from "../../test/running-delivery.ts";
import { createDelivery } from "../delivery.ts";

/** A host whose meter keeps what is recorded and observed, by name and labels. */
function measuring() {
  const host = createTestHost();
  type Callback = Parameters<Host["meter"]["addBatchObservableCallback"]>[0];
  const callbacks = new Set<Callback>();
  const recorded: unknown[] = [];
  const names = new Map<unknown, string>();
  const observable = (name: string) => {
    const own = Object.create(host.meter.createObservableGauge(name));
    names.set(own, name);
    return own;
  };
  const meter: Host["meter"] = Object.assign(Object.create(host.meter), {
    createHistogram: (name: string) => ({
      record: (value: number, labels: unknown) => recorded.push([name, value, labels]),
    }),
    createObservableGauge: observable,
    createObservableUpDownCounter: observable,
    addBatchObservableCallback: (callback: Callback) => void callbacks.add(callback),
    removeBatchObservableCallback: (callback: Callback) => void callbacks.delete(callback),
  });
  const observed = () => {
    const values: Record<string, number> = {};
    for (const callback of callbacks) {
      void callback({
        observe: (metric, value, labels = {}) => {
          values[[names.get(metric), ...Object.values(labels)].join(" ")] = value;
        },
      });
    }
    return values;
  };
  return { host: { ...host, meter }, clock: host.clock, recorded, observed };
}

it("shows what is on its way, how much may be, and whether the destination works", async () => {
  const { host, clock, observed } = measuring();
  const down = Array.from({ length: 11 }, () => new RetryableError("down"));
  const retry = { randomization_factor: 0 };
  const config = schema.parse({ retry_on_failure: retry, sending_queue: { num_consumers: 10 } });
  const sender = new Destination(...down, "hang");
  const delivery = createDelivery({ id: "otlp_http/a", host, config, sender });
  await delivery.start({ signal: never });
  expect(observed()).toMatchObject({ "otelcol_exporter_in_flight_requests otlp_http/a": 0 });
  for (let number = 0; number < 10; number++) await delivery.consumers.logs?.consume(logs(1), { signal: never });
  await settle();
  await clock.advance(5000);
  expect(observed()).toMatchObject({
    "otelcol_exporter_in_flight_requests otlp_http/a": 0,
    "dbintel_exporter_concurrency_limit otlp_http/a logs": 1,
    "dbintel_exporter_breaker_state otlp_http/a closed": 0,
    "dbintel_exporter_breaker_state otlp_http/a open": 1,
  });
  await clock.advance(5000);
  expect(observed()).toMatchObject({
    "otelcol_exporter_in_flight_requests otlp_http/a": 1,
    "dbintel_exporter_breaker_state otlp_http/a open": 0,
    "dbintel_exporter_breaker_state otlp_http/a half_open": 1,
  });
  await delivery.stop({ signal: AbortSignal.abort() });
  expect(observed()).toEqual({});
});

it("measures what leaves a queue, under the OpenTelemetry Collector's names", async () => {
  const { host, recorded } = measuring();
  const config = schema.parse({});
  const delivery = createDelivery({ id: "otlp_http", host, config, sender: new Destination() });
  await delivery.start({ signal: never });
  const batch = logs(3);
  await delivery.consumers.logs?.consume(batch, { signal: never });
  await delivery.stop({ signal: never });
  const labels = { exporter: "otlp_http" };
  expect(recorded).toEqual([
    ["otelcol_exporter_queue_batch_send_size", 3, labels],
    ["otelcol_exporter_queue_batch_send_size_bytes", batch.byteSize, labels],
  ]);
});
