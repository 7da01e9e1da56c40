import type { Host } from "@dbintel/pipeline";

/** What became of the trace that a statement or a session names. */
export type LinkOutcome = "linked" | "kept" | "stale";

/** Counts what the processor did. It drops no record. */
export class CorrelatorMetrics {
  readonly #processor: string;
  readonly #statements;
  readonly #shares;
  readonly #links;

  constructor({ meter }: Host, id: string) {
    this.#processor = id;
    this.#statements = meter.createCounter("dbintel_query_correlator_statements", {
      description: "Statements by whether their text was read or its reading remembered.",
      unit: "{statements}",
    });
    this.#shares = meter.createCounter("dbintel_query_correlator_shares", {
      description: "Records that were given their share of the load of their database.",
      unit: "{records}",
    });
    this.#links = meter.createCounter("dbintel_query_correlator_trace_links", {
      description: "Traces named by statements and sessions: linked, kept as the record had one, or stale.",
      unit: "{records}",
    });
  }

  statement(outcome: "read" | "remembered"): void {
    this.#statements.add(1, { processor: this.#processor, outcome });
  }

  shares(records: number): void {
    this.#shares.add(records, { processor: this.#processor });
  }

  link(outcome: LinkOutcome): void {
    this.#links.add(1, { processor: this.#processor, outcome });
  }
}
