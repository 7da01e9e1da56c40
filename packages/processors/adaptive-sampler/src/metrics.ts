import type { Signal } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";

/** Counts every decision by reason. */
export class SamplerMetrics {
  readonly #labels: { readonly processor: string; readonly signal: Signal };
  readonly #decisions;
  readonly #represented;
  readonly #pressure;
  readonly #keys;

  constructor(args: { readonly host: Host; readonly id: string; readonly signal: Signal }) {
    const { meter } = args.host;
    this.#labels = { processor: args.id, signal: args.signal };
    this.#decisions = meter.createCounter("dbintel_adaptive_sampler_decisions", {
      description: "Records that were kept and dropped, by reason.",
      unit: "{records}",
    });
    this.#represented = meter.createCounter("dbintel_adaptive_sampler_represented", {
      description: "Records that the kept ones stand for: the sum of their adjusted counts.",
      unit: "{records}",
    });
    this.#pressure = meter.createGauge("dbintel_adaptive_sampler_pressure", {
      description: "Share of rates and goals that back-pressure and budgets leave.",
      unit: "1",
    });
    this.#keys = meter.createGauge("dbintel_adaptive_sampler_keys", {
      description: "Keys with a throughput of their own.",
      unit: "{keys}",
    });
  }

  decided(decision: "kept" | "dropped", reason: string, count: number): void {
    if (count > 0) this.#decisions.add(count, { ...this.#labels, decision, reason });
  }

  state(state: { readonly represented: number; readonly pressure: number; readonly keys: number }): void {
    this.#represented.add(state.represented, this.#labels);
    this.#pressure.record(state.pressure, this.#labels);
    this.#keys.record(state.keys, this.#labels);
  }
}
