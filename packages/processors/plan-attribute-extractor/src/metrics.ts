import type { Host } from "@dbintel/pipeline";
import type { RegressionEvent } from "@dbintel/plans";
import type { UnreadReason } from "./plan-reader.ts";

/** What became of a plan. */
export type PlanOutcome = "read" | "remembered" | UnreadReason;

/** Counts what the processor did. It drops no record. */
export class ExtractorMetrics {
  readonly #processor: string;
  readonly #plans;
  readonly #statements;
  readonly #events;
  readonly #followed;
  readonly #remembered;

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
    this.#events = meter.createCounter("dbintel_plan_attribute_extractor_events", {
      description: "Statements that got another plan, became slower, or recovered.",
      unit: "{events}",
    });
    this.#followed = meter.createGauge("dbintel_plan_attribute_extractor_followed", {
      description: "Statements whose time is followed.",
      unit: "{statements}",
    });
    this.#remembered = meter.createGauge("dbintel_plan_attribute_extractor_remembered", {
      description: "Plans that are remembered for comparison.",
      unit: "{plans}",
    });
  }

  plan(outcome: PlanOutcome): void {
    this.#plans.add(1, { processor: this.#processor, outcome });
  }

  statement(): void {
    this.#statements.add(1, { processor: this.#processor });
  }

  event(event: RegressionEvent): void {
    const cause = event.kind === "regression" ? { cause: event.cause } : {};
    this.#events.add(1, { processor: this.#processor, event: event.kind, ...cause });
  }

  history({ statements, plans }: { readonly statements: number; readonly plans: number }): void {
    this.#followed.record(statements, { processor: this.#processor });
    this.#remembered.record(plans, { processor: this.#processor });
  }
}
