import type { Host } from "@dbintel/pipeline";
import type { UnreadReason } from "./plan-reader.ts";

/** What became of a plan. */
export type PlanOutcome = "read" | "remembered" | UnreadReason;

/** Counts what the processor did. It drops no record. */
export class ExtractorMetrics {
  readonly #processor: string;
  readonly #plans;
  readonly #statements;

  constructor({ meter }: Host, id: string) {
    this.#processor = id;
    this.#plans = meter.createCounter("dbintel_plan_attribute_extractor_plans", {
      description: "Plans by what became of them: read, remembered from before, or why they were not read.",
      unit: "{plans}",
    });
    this.#statements = meter.createCounter("dbintel_plan_attribute_extractor_statements", {
      description: "Statements beside plans and in records without one whose constants were replaced.",
      unit: "{statements}",
    });
  }

  plan(outcome: PlanOutcome): void {
    this.#plans.add(1, { processor: this.#processor, outcome });
  }

  statement(): void {
    this.#statements.add(1, { processor: this.#processor });
  }
}
