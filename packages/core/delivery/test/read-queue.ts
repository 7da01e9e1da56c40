import type { Host } from "@dbintel/pipeline";
import type { TestHost } from "@dbintel/pipeline/testing";

type BatchObserve = Parameters<Host["meter"]["addBatchObservableCallback"]>[0];

/** A host whose meter remembers the observation of the queue, and a way to make it: 0 of 0 before there is one. */
export function readQueue(host: TestHost) {
  const callbacks = new Set<BatchObserve>();
  const names = new Map<unknown, string>();
  const meter: Host["meter"] = Object.assign(Object.create(host.meter), {
    createObservableGauge(name: string) {
      const gauge = host.meter.createObservableGauge(name);
      const own = Object.create(gauge);
      names.set(own, name);
      return own;
    },
    addBatchObservableCallback: (callback: BatchObserve) => void callbacks.add(callback),
    removeBatchObservableCallback: (callback: BatchObserve) => void callbacks.delete(callback),
  });
  const read = () => {
    const values = new Map<string, number>();
    const labels: unknown[] = [];
    for (const callback of callbacks) {
      void callback({
        observe(metric, value, attributes) {
          const name = names.get(metric) ?? "";
          values.set(name, value);
          if (name.startsWith("otelcol_exporter_queue_")) labels.push(attributes);
        },
      });
    }
    return {
      current: values.get("otelcol_exporter_queue_size") ?? 0,
      capacity: values.get("otelcol_exporter_queue_capacity") ?? 0,
      labels,
    };
  };
  return { host: { ...host, meter }, read };
}
