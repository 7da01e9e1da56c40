import type { Batch } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";

/** The bucket boundaries of the OpenTelemetry Collector, so that existing dashboards read the histograms. */
const itemBoundaries = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 20_000, 30_000,
  50_000, 100_000,
];
const byteBoundaries = [
  ...itemBoundaries,
  ...[200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000],
  ...[1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000, 6_000_000, 7_000_000, 8_000_000, 9_000_000],
];

/** Measures the requests that leave a sending queue, under the OpenTelemetry Collector's names. */
export class RequestSizes {
  readonly #attributes: { readonly exporter: string };
  readonly #items;
  readonly #bytes;

  constructor(meter: Host["meter"], id: string) {
    this.#attributes = { exporter: id };
    this.#items = meter.createHistogram("otelcol_exporter_queue_batch_send_size", {
      description: "Records, data points or spans in the requests that left the sending queue.",
      unit: "{units}",
      advice: { explicitBucketBoundaries: itemBoundaries },
    });
    this.#bytes = meter.createHistogram("otelcol_exporter_queue_batch_send_size_bytes", {
      description: "Encoded bytes of the requests that left the sending queue, before compression.",
      unit: "By",
      advice: { explicitBucketBoundaries: byteBoundaries },
    });
  }

  record(batch: Batch): void {
    this.#items.record(batch.count, this.#attributes);
    this.#bytes.record(batch.byteSize, this.#attributes);
  }
}
