import type { TextScope } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { Action } from "./config.ts";
import type { LookPlace } from "./last-look.ts";

/** Counts what the processor found and did. Never what it was. */
export class VerificationMetrics {
  readonly #processor: string;
  readonly #findings;
  readonly #violations;
  readonly #canaries;
  readonly #structures;

  constructor({ meter }: Host, id: string) {
    this.#processor = id;
    this.#findings = meter.createCounter("dbintel_verification_findings", {
      description: "What was found by entity, what was done with it, and where it stood.",
      unit: "{findings}",
    });
    this.#violations = meter.createCounter("dbintel_verification_violations", {
      description:
        "What the last look found by entity: at the processor's own result, or at the exit of the pipeline. The items that had it were dropped.",
      unit: "{findings}",
    });
    this.#canaries = meter.createCounter("dbintel_verification_canaries", {
      description: "Batches with a canary by where it was seen: coming in, or about to leave.",
      unit: "{batches}",
    });
    this.#structures = {
      statement: meter.createCounter("dbintel_verification_statements", {
        description: "Statements whose constants were replaced.",
        unit: "{statements}",
      }),
      plan: meter.createCounter("dbintel_verification_plans", {
        description: "Plans whose constants were replaced.",
        unit: "{plans}",
      }),
    };
  }

  finding(entity: string, action: Action, scope: TextScope): void {
    this.#findings.add(1, { processor: this.#processor, entity, action, scope });
  }

  violation(entity: string, at: LookPlace): void {
    this.#violations.add(1, { processor: this.#processor, entity, at });
  }

  canary(seen: "incoming" | "outgoing"): void {
    this.#canaries.add(1, { processor: this.#processor, seen });
  }

  structure(kind: "statement" | "plan"): void {
    this.#structures[kind].add(1, { processor: this.#processor });
  }
}
