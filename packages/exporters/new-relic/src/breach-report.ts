import { LogGate } from "@dbintel/delivery";
import { type Breach, breaches } from "@dbintel/new-relic";
import type { Host } from "@dbintel/pipeline";

/** A kind of breach is logged at most this often; the metric counts each. */
const logIntervalMs = 60_000;

/** Counts what was mended and what was dropped, and tells of it now and then. */
export class BreachReport {
  readonly #id: string;
  readonly #host: Host;
  readonly #gate: LogGate;
  readonly #counter;

  constructor(host: Host, id: string) {
    this.#id = id;
    this.#host = host;
    this.#gate = new LogGate(host.clock, logIntervalMs);
    this.#counter = host.meter.createCounter("otelcol_exporter_new_relic_breaches", {
      description: "Breaches of New Relic's contract, by category and by what was done.",
      unit: "{breaches}",
    });
  }

  add({ code, action, signal, metric, attribute }: Breach): void {
    this.#counter.add(1, { exporter: this.#id, signal, "error.category": code, action });
    const count = this.#gate.pass(`${code} ${action}`);
    if (count === undefined) return;
    this.#host.logger.warn({ category: code, action, count, signal, metric, attribute }, breaches[code]);
  }

  /** Tells of what was not logged yet. */
  close(): void {
    for (const [key, count] of this.#gate.drain()) {
      const [category, action] = key.split(" ");
      this.#host.logger.warn({ category, action, count }, "breaches of New Relic's contract since the last line");
    }
  }
}
