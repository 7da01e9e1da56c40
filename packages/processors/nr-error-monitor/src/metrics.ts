import type { Breach, BreachCode, IntegrationError } from "@dbintel/new-relic";
import type { Host } from "@dbintel/pipeline";

/** The monitor's own metrics, under the names that its dashboards know. */
export class MonitorMetrics {
  readonly #id: string;
  readonly #breaches;
  readonly #potential;
  readonly #reported;
  readonly #series;
  readonly #ingestDelay;
  readonly #canaries;
  readonly #apiFailures;
  readonly #apiSkipped;

  constructor({ meter }: Host, id: string) {
    this.#id = id;
    this.#breaches = meter.createCounter("otelcol.nrerror.breaches", {
      description: "Breaches of New Relic's contract, by category and by what was done.",
      unit: "{breaches}",
    });
    this.#potential = meter.createGauge("otelcol.nrerror.potential", {
      description: "Breaches within the window, by category.",
      unit: "{breaches}",
    });
    this.#reported = meter.createCounter("otelcol.nrerror.reported", {
      description: "Errors that New Relic reported, by category.",
      unit: "{errors}",
    });
    this.#series = meter.createGauge("otelcol.nrerror.series", {
      description: "Series of the metric with most of them today (UTC).",
      unit: "{series}",
    });
    this.#ingestDelay = meter.createGauge("otelcol.nrerror.ingest_delay", {
      description: "Time from sending the last canary that was stored to finding it.",
      unit: "s",
    });
    this.#canaries = meter.createCounter("otelcol.nrerror.canaries", {
      description: "Canaries by outcome: stored, lost, or not taken by the next component.",
      unit: "{canaries}",
    });
    this.#apiFailures = meter.createCounter("otelcol.nrerror.api_failures", {
      description: "Questions to NerdGraph that were not answered.",
      unit: "{questions}",
    });
    this.#apiSkipped = meter.createCounter("otelcol.nrerror.api_skipped", {
      description: "Questions to NerdGraph that were left out because the one before was not answered yet.",
      unit: "{questions}",
    });
  }

  breach({ code, action, signal }: Breach): void {
    this.#breaches.add(1, { processor: this.#id, "error.category": code, action, signal });
  }

  potential(code: BreachCode, count: number): void {
    this.#potential.record(count, { processor: this.#id, "error.category": code });
  }

  reported({ kind, feature }: IntegrationError): void {
    this.#reported.add(1, { processor: this.#id, "error.category": kind, feature });
  }

  series(most: number): void {
    this.#series.record(most, { processor: this.#id });
  }

  canary(outcome: "stored" | "lost" | "refused", delayMs?: number): void {
    this.#canaries.add(1, { processor: this.#id, outcome });
    if (delayMs !== undefined) this.#ingestDelay.record(delayMs / 1000, { processor: this.#id });
  }

  apiFailed(): void {
    this.#apiFailures.add(1, { processor: this.#id });
  }

  apiSkipped(): void {
    this.#apiSkipped.add(1, { processor: this.#id });
  }
}
