import type { PollPlans } from "@dbintel/watching";
import type { StatementKey } from "../statements/statement-table.ts";
import { statementName } from "../statements/statement-texts.ts";
import type { PlanOutcome, PlanSource } from "./plan-outcome.ts";

/** What the events of one poll say about plans. */
export class StatementPlans {
  readonly #told: PollPlans<PlanSource>;

  constructor(told: PollPlans<PlanSource>) {
    this.#told = told;
  }

  /** `undefined` where nothing is to be said. */
  get(key: StatementKey): PlanOutcome | undefined {
    return this.#told.get(statementName(key));
  }
}
