import type { SamplerMetrics } from "./metrics.ts";

/** Counts the decisions of one batch by reason, so that metrics are written once a batch. */
export class Tally {
  readonly #kept = new Counts();
  readonly #dropped = new Counts();
  represented = 0;

  kept(reason: string): void {
    this.#kept.add(reason);
  }

  dropped(reason: string): void {
    this.#dropped.add(reason);
  }

  writeTo(metrics: SamplerMetrics): void {
    for (const [reason, count] of this.#kept.all()) metrics.decided("kept", reason, count);
    for (const [reason, count] of this.#dropped.all()) metrics.decided("dropped", reason, count);
  }
}

/** Counts by reason. Neighbours mostly have the same one: the table is asked only when it changes. */
class Counts {
  readonly #counts = new Map<string, number>();
  #reason = "";
  #count = 0;

  add(reason: string): void {
    if (reason !== this.#reason) {
      this.#settle();
      this.#reason = reason;
    }
    this.#count++;
  }

  all(): Iterable<readonly [string, number]> {
    this.#settle();
    return this.#counts;
  }

  #settle(): void {
    if (this.#count > 0) this.#counts.set(this.#reason, (this.#counts.get(this.#reason) ?? 0) + this.#count);
    this.#count = 0;
  }
}
