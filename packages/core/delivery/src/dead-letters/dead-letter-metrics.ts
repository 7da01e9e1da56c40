import type { Host } from "@dbintel/pipeline";
import type { DeadLetterBox, DeadLetterEvent } from "./dead-letter-box.ts";
import type { DeadLetter } from "./letter.ts";

type Meter = Host["meter"];
type Observe = Parameters<Meter["addBatchObservableCallback"]>[0];

/** Counts what happens to the dead letters of one exporter, and says how many there are. */
export class DeadLetterMetrics {
  readonly #meter: Meter;
  readonly #exporter: string;
  readonly #items: ReturnType<Meter["createCounter"]>;
  #forget = () => {};

  constructor(meter: Meter, exporter: string) {
    this.#meter = meter;
    this.#exporter = exporter;
    this.#items = meter.createCounter("dbintel_exporter_dead_letter_items", {
      description: "Items that the destination will never take, by what happened to their dead letters.",
      unit: "{item}",
    });
  }

  happened(event: DeadLetterEvent, { signal, items }: Pick<DeadLetter, "signal" | "items">): void {
    this.#items.add(items, { exporter: this.#exporter, data_type: signal, event });
  }

  observe(box: Pick<DeadLetterBox, "size" | "bytes">): void {
    const letters = this.#meter.createObservableGauge("dbintel_exporter_dead_letters", {
      description: "Dead letters that are kept.",
      unit: "{letter}",
    });
    const bytes = this.#meter.createObservableGauge("dbintel_exporter_dead_letter_bytes", {
      description: "What the dead letters that are kept occupy.",
      unit: "By",
    });
    const observe: Observe = (result) => {
      result.observe(letters, box.size, { exporter: this.#exporter });
      result.observe(bytes, box.bytes, { exporter: this.#exporter });
    };
    this.#meter.addBatchObservableCallback(observe, [letters, bytes]);
    this.#forget = () => this.#meter.removeBatchObservableCallback(observe, [letters, bytes]);
  }

  forget(): void {
    this.#forget();
  }
}
