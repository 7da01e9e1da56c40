import type { Signal } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { Lane } from "./lane.ts";

/**
 * Offers size and capacity of the queues that are in use, under the OpenTelemetry Collector's names and labels.
 * The unit is that of the queue's sizer. Returns a function that takes the offer back.
 */
export function observeQueues(meter: Host["meter"], id: string, lanes: ReadonlyMap<Signal, Lane>): () => void {
  const size = meter.createObservableGauge("otelcol_exporter_queue_size", {
    description: "What waits in the sending queue or is on its way, in units of sending_queue.sizer.",
  });
  const capacity = meter.createObservableGauge("otelcol_exporter_queue_capacity", {
    description: "How much the sending queue takes, in units of sending_queue.sizer.",
  });
  const disk = meter.createObservableGauge("dbintel_exporter_queue_disk_bytes", {
    description: "What the files of a sending queue on disk occupy.",
    unit: "By",
  });
  const observe: Parameters<Host["meter"]["addBatchObservableCallback"]>[0] = (result) => {
    for (const [signal, { queue }] of lanes) {
      if (queue === undefined) continue;
      const attributes = { exporter: id, data_type: signal };
      result.observe(size, queue.size, attributes);
      result.observe(capacity, queue.capacity, attributes);
      if (queue.diskBytes !== undefined) result.observe(disk, queue.diskBytes, attributes);
    }
  };
  meter.addBatchObservableCallback(observe, [size, capacity, disk]);
  return () => meter.removeBatchObservableCallback(observe, [size, capacity, disk]);
}
