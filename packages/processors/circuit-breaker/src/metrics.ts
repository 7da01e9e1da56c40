import type { BreakerState } from "@dbintel/guard";
import type { Host } from "@dbintel/pipeline";
import type { Change } from "./state-change.ts";

/** What was decided about items. */
export interface Tally {
  passed: number;
  /** Without a database: nothing to decide. */
  unnamed: number;
  flood: number;
  open: number;
  forced_open: number;
  judgement_failed: number;
}

const decisions = ["passed", "unnamed", "flood", "open", "forced_open", "judgement_failed"] as const;

/** Counts what the processor decided. Dropped items are counted by reason at the edges of the graph, too. */
export class CircuitMetrics {
  readonly #id: string;
  readonly #items;
  readonly #batches;
  readonly #changes;
  readonly #circuits;
  readonly #tracked;

  constructor(host: Pick<Host, "meter">, id: string) {
    const { meter } = host;
    this.#id = id;
    this.#items = meter.createCounter("dbintel_circuit_breaker_items", {
      description: "Items by what was decided about them, whether or not the mode let it happen.",
      unit: "{items}",
    });
    this.#batches = meter.createCounter("dbintel_circuit_breaker_batches", {
      description: "Batches that were not taken as a whole, by reason.",
      unit: "{batches}",
    });
    this.#changes = meter.createCounter("dbintel_circuit_breaker_changes", {
      description: "Changes of state, by kind of breaker, new state and reason.",
      unit: "{changes}",
    });
    this.#circuits = meter.createGauge("dbintel_circuit_breaker_circuits", {
      description: "Breakers of databases and exporters that are open or half-open.",
      unit: "{breakers}",
    });
    this.#tracked = meter.createGauge("dbintel_circuit_breaker_databases", {
      description: "Databases that are remembered.",
      unit: "{databases}",
    });
  }

  decided(tally: Tally, mode: string): void {
    for (const decision of decisions) {
      if (tally[decision] > 0) this.#items.add(tally[decision], { processor: this.#id, decision, mode });
    }
  }

  refused(reason: string): void {
    this.#batches.add(1, { processor: this.#id, reason });
  }

  changed({ kind, to, cause }: Change): void {
    this.#changes.add(1, { processor: this.#id, kind, to, reason: cause });
  }

  state(args: {
    readonly databases: number;
    readonly counts: Readonly<Record<Exclude<BreakerState, "closed">, number>>;
  }) {
    this.#tracked.record(args.databases, { processor: this.#id });
    this.#circuits.record(args.counts.open, { processor: this.#id, state: "open" });
    this.#circuits.record(args.counts.half_open, { processor: this.#id, state: "half_open" });
  }
}
