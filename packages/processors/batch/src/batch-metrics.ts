import type { Host } from "@dbintel/pipeline";

/** What made a batch leave. */
export type Trigger = "size" | "timeout" | "stop";

/** The bucket boundaries of the OpenTelemetry Collector, so that existing dashboards read the histogram. */
const sizeBoundaries = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 20_000, 30_000,
  50_000, 100_000,
];

/** Counts what the processor sent, under the OpenTelemetry Collector's names. */
export class BatchMetrics {
  readonly #attributes: { readonly processor: string };
  readonly #bySize;
  readonly #byTimeout;
  readonly #sendSize;

  constructor(host: Host, id: string) {
    this.#attributes = { processor: id };
    this.#bySize = host.meter.createCounter("otelcol_processor_batch_batch_size_trigger_send", {
      description: "Batches that were sent because of their size.",
      unit: "{times}",
    });
    this.#byTimeout = host.meter.createCounter("otelcol_processor_batch_timeout_trigger_send", {
      description: "Batches that were sent because their time was up.",
      unit: "{times}",
    });
    this.#sendSize = host.meter.createHistogram("otelcol_processor_batch_batch_send_size", {
      description: "Records, data points or spans in the batches that were sent.",
      unit: "{units}",
      advice: { explicitBucketBoundaries: sizeBoundaries },
    });
  }

  sent(trigger: Trigger, items: number): void {
    if (trigger === "size") this.#bySize.add(1, this.#attributes);
    if (trigger === "timeout") this.#byTimeout.add(1, this.#attributes);
    this.#sendSize.record(items, this.#attributes);
  }
}
