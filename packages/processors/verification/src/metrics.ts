import type { TextScope } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { Action } from "./config.ts";

/** Counts what the processor found and did. Never what it was. */
export class VerificationMetrics {
  readonly #processor: string;
  readonly #findings;
  readonly #violations;
  readonly #canaries;
  readonly #statements;

  constructor({ meter }: Host, id: string) {
    this.#processor = id;
    this.#findings = meter.createCounter("dbintel_verification_findings", {
      description: "What was found by entity, what was done with it, and where it stood.",
      unit: "{findings}",
    });
    this.#violations = meter.createCounter("dbintel_verification_violations", {
      description: "What the last look at the encoded result found by entity; the items that had it were dropped.",
      unit: "{findings}",
    });
    this.#canaries = meter.createCounter("dbintel_verification_canaries", {
      description: "Batches with a canary by where it was seen: coming in, or about to leave.",
      unit: "{batches}",
    });
    this.#statements = meter.createCounter("dbintel_verification_statements", {
      description: "Statements whose constants were replaced.",
      unit: "{statements}",
    });
  }

  finding(entity: string, action: Action, scope: TextScope): void {
    this.#findings.add(1, { processor: this.#processor, entity, action, scope });
  }

  violation(entity: string): void {
    this.#violations.add(1, { processor: this.#processor, entity });
  }

  canary(seen: "incoming" | "outgoing"): void {
    this.#canaries.add(1, { processor: this.#processor, seen });
  }

  statement(): void {
    this.#statements.add(1, { processor: this.#processor });
  }
}
