import type { Host } from "@dbintel/pipeline";
import type { FindingCode, Severity, WaitFinding } from "@dbintel/waits";

/** What became of the trace that a statement or a session names. */
export type LinkOutcome = "linked" | "kept" | "stale";

/** Facts that statements and spans are joined with. */
export type JoinedFact = "tables" | "load" | "plan" | "waits" | "callers" | "blocking" | "transaction";

/** Written; known, but of another time; not known. */
export type JoinOutcome = "linked" | "stale" | "unknown";

/** Counts what the processor did. It drops no item. */
export class CorrelatorMetrics {
  readonly #processor: string;
  readonly #statements;
  readonly #shares;
  readonly #links;
  readonly #joins;
  readonly #points;
  readonly #findings;
  /** Since the last `flush`, by outcome and, for joins, by fact: a call for each record would cost more than the rest. */
  readonly #read = new Map<"read" | "remembered", number>();
  readonly #linked = new Map<LinkOutcome, number>();
  readonly #joined = new Map<JoinedFact, Map<JoinOutcome, number>>();
  readonly #found = new Map<FindingCode, Map<Severity, number>>();
  #shared = 0;

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
    this.#joins = meter.createCounter("dbintel_query_correlator_joins", {
      description: "Lookups of facts for records, and for the spans of a statement: linked, stale or unknown.",
      unit: "{lookups}",
    });
    this.#points = meter.createCounter("dbintel_query_correlator_table_points", {
      description: "Data points about tables whose value was remembered.",
      unit: "{points}",
    });
    this.#findings = meter.createCounter("dbintel_query_correlator_findings", {
      description: "Findings that records were told, by what was found and how severe it is.",
      unit: "{findings}",
    });
  }

  statement(outcome: "read" | "remembered"): void {
    count(this.#read, outcome);
  }

  link(outcome: LinkOutcome): void {
    count(this.#linked, outcome);
  }

  join(fact: JoinedFact, outcome: JoinOutcome): void {
    countOf(this.#joined, fact, outcome);
  }

  found(findings: readonly WaitFinding[]): void {
    for (const { code, severity } of findings) countOf(this.#found, code, severity);
  }

  share(): void {
    this.#shared++;
  }

  tablePoints(points: number): void {
    this.#points.add(points, { processor: this.#processor });
  }

  /** For the end of a batch. */
  flush(): void {
    const processor = this.#processor;
    drain(this.#read, (outcome, items) => this.#statements.add(items, { processor, outcome }));
    drain(this.#linked, (outcome, items) => this.#links.add(items, { processor, outcome }));
    if (this.#shared > 0) this.#shares.add(this.#shared, { processor });
    this.#shared = 0;
    for (const [fact, outcomes] of this.#joined) {
      drain(outcomes, (outcome, items) => this.#joins.add(items, { processor, fact, outcome }));
    }
    for (const [finding, severities] of this.#found) {
      drain(severities, (severity, items) => this.#findings.add(items, { processor, finding, severity }));
    }
  }
}

function count<Name>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function countOf<Name, Part>(counts: Map<Name, Map<Part, number>>, name: Name, part: Part): void {
  let parts = counts.get(name);
  if (parts === undefined) {
    parts = new Map();
    counts.set(name, parts);
  }
  count(parts, part);
}

function drain<Name>(counts: Map<Name, number>, add: (name: Name, items: number) => void): void {
  for (const [name, items] of counts) add(name, items);
  counts.clear();
}
