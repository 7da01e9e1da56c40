import { type Clock, systemClock } from "@dbintel/pipeline";
import { LeftSessions } from "./left-sessions.ts";
import { ServerAnswers } from "./server-answers.ts";
import { StatementCosts } from "./statement-costs.ts";

/** Sessions that a receiver needs: two that last, and short ones one at a time; one more while another ends. */
export const mostSessions = 5;

/** What all sessions of one receiver on one server have in common. */
export class ServerSessions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly costs = new StatementCosts();
  readonly answers = new ServerAnswers();
  readonly left: LeftSessions;
  readonly #gates: (() => void)[] = [];

  constructor(options: { readonly endpoint: string; readonly clock?: Pick<Clock, "monotonicMs"> }) {
    this.clock = options.clock ?? systemClock;
    this.left = new LeftSessions(options.endpoint);
  }

  /** Has `gate` called before each statement: what it throws is the answer, and the server hears nothing. */
  guard(gate: () => void): void {
    this.#gates.push(gate);
  }

  /** Called before each statement. */
  gate(): void {
    for (const gate of this.#gates) gate();
  }
}
