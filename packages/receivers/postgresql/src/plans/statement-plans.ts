import type { StatementKey } from "../statements/statement-table.ts";
import { statementName } from "../statements/statement-texts.ts";
import type { PlanOutcome } from "./plan-outcome.ts";

/** What the events of one poll say about plans. */
export class StatementPlans {
  readonly #outcomes = new Map<string, PlanOutcome | undefined>();

  /** `undefined` where nothing is to be said. */
  get(key: StatementKey): PlanOutcome | undefined {
    return this.#outcomes.get(statementName(key));
  }

  has(key: StatementKey): boolean {
    return this.#outcomes.has(statementName(key));
  }

  set(key: StatementKey, outcome: PlanOutcome | undefined): void {
    this.#outcomes.set(statementName(key), outcome);
  }
}
