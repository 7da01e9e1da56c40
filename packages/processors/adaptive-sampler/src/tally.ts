import type { SamplerMetrics } from "./metrics.ts";

/** Counts the decisions of one batch by reason, so that metrics are written once a batch. */
export class Tally {
  readonly #kept = new Map<string, number>();
  readonly #dropped = new Map<string, number>();
  represented = 0;

  kept(reason: string): void {
    this.#kept.set(reason, (this.#kept.get(reason) ?? 0) + 1);
  }

  dropped(reason: string): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }

  writeTo(metrics: SamplerMetrics): void {
    for (const [reason, count] of this.#kept) metrics.decided("kept", reason, count);
    for (const [reason, count] of this.#dropped) metrics.decided("dropped", reason, count);
  }
}
