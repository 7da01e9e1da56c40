import type { Signal } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";

/** What was done to an item that was kept. */
export type Reduction = "body_cut" | "attribute_cut" | "attribute_removed" | "folded" | "judgement_failed";

/** Stands for all larger pressures, that of a budget with nothing left among them. */
const maxPressure = 1000;

/** Counts what the processor decided. Dropped items are counted by reason at the edges of the graph. */
export class CostMetrics {
  readonly #id: string;
  readonly #signal: Signal;
  readonly #reductions;
  readonly #bytes;
  readonly #step;
  readonly #pressure;
  readonly #used;
  readonly #cardinality;

  constructor({ meter }: Host, id: string, signal: Signal) {
    this.#id = id;
    this.#signal = signal;
    this.#reductions = meter.createCounter("dbintel_cost_control_reductions", {
      description: "Reductions of items that were kept, by kind.",
      unit: "{reductions}",
    });
    this.#bytes = meter.createCounter("dbintel_cost_control_bytes", {
      description: "Encoded bytes that were offered and sent.",
      unit: "By",
    });
    this.#step = meter.createGauge("dbintel_cost_control_step", { description: "The step that is taken; 0 is none." });
    this.#pressure = meter.createGauge("dbintel_cost_control_pressure", {
      description: "Bytes expected until the end of the period, divided by those left for it; 1000 at most.",
      unit: "1",
    });
    this.#used = meter.createGauge("dbintel_cost_control_used", {
      description: "Bytes of the month, or of the day where it has less left, divided by its budget.",
      unit: "1",
    });
    this.#cardinality = meter.createGauge("dbintel_cost_control_cardinality", {
      description: "Series of the metric that has most.",
      unit: "{series}",
    });
  }

  reduced(reduction: Reduction, count: number): void {
    if (count > 0) this.#reductions.add(count, { processor: this.#id, signal: this.#signal, reduction });
  }

  passed(offered: number, sent: number): void {
    const attributes = { processor: this.#id, signal: this.#signal };
    this.#bytes.add(offered, { ...attributes, direction: "offered" });
    this.#bytes.add(sent, { ...attributes, direction: "sent" });
  }

  state(state: {
    readonly step: number;
    readonly pressure: number;
    readonly usedShare: number;
    readonly cardinality: number;
  }): void {
    const attributes = { processor: this.#id };
    this.#step.record(state.step, attributes);
    this.#pressure.record(Math.min(maxPressure, state.pressure), attributes);
    this.#used.record(state.usedShare, attributes);
    // The instances of the other signals have no series, and would say so under the same name.
    if (this.#signal === "metrics") this.#cardinality.record(state.cardinality, attributes);
  }
}
