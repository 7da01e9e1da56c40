import type { Attributes } from "@dbintel/pdata";
import { targetInfoLabels } from "./labels.ts";

/** The labels of `target_info` for each resource that was seen lately, within a bound. */
export class Targets {
  readonly #maxSeries: number;
  readonly #expirationMs: number;
  /** When it was seen last, by labels. */
  readonly #seenMs = new Map<string, number>();

  constructor(options: { readonly maxSeries: number; readonly expirationMs: number }) {
    this.#maxSeries = options.maxSeries;
    this.#expirationMs = options.expirationMs;
  }

  see(attributes: Attributes, constant: Readonly<Record<string, string>>, nowMs: number): void {
    const labels = targetInfoLabels(attributes, constant);
    if (labels === undefined) return;
    if (this.#seenMs.has(labels) || this.#seenMs.size < this.#maxSeries) this.#seenMs.set(labels, nowMs);
  }

  expire(nowMs: number): void {
    for (const [labels, seenMs] of this.#seenMs) if (seenMs <= nowMs - this.#expirationMs) this.#seenMs.delete(labels);
  }

  all(): Iterable<string> {
    return this.#seenMs.keys();
  }
}
