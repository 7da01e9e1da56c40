import type { Host } from "@dbintel/pipeline";

/** What was done to an item that was kept. */
export type Reduction = "body_cut" | "attribute_cut" | "attribute_removed" | "folded" | "judgement_failed";

/** Counts what the processor decided. Dropped items are counted by reason at the edges of the graph. */
export class CostMetrics {
  readonly #id: string;
  readonly #reductions;
  readonly #bytes;
  readonly #step;
  readonly #pressure;
  readonly #cardinality;

  constructor(host: Host, id: string) {
    const { meter } = host;
    this.#id = id;
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
      description: "Bytes expected until the end of the period, divided by those left for it.",
      unit: "1",
    });
    this.#cardinality = meter.createGauge("dbintel_cost_control_cardinality", {
      description: "Series of the metric that has most.",
      unit: "{series}",
    });
  }

  reduced(reduction: Reduction, count: number): void {
    if (count > 0) this.#reductions.add(count, { processor: this.#id, reduction });
  }

  passed(offered: number, sent: number): void {
    this.#bytes.add(offered, { processor: this.#id, direction: "offered" });
    this.#bytes.add(sent, { processor: this.#id, direction: "sent" });
  }

  state(state: { readonly step: number; readonly pressure: number; readonly cardinality: number }): void {
    const attributes = { processor: this.#id };
    this.#step.record(state.step, attributes);
    if (Number.isFinite(state.pressure)) this.#pressure.record(state.pressure, attributes);
    this.#cardinality.record(state.cardinality, attributes);
  }
}
