import type { Observation } from "./events.ts";
import { logMoments, type Moments, mergeMoments, noMoments } from "./moments.ts";
import { addWaits, type WaitCounts } from "./wait-counts.ts";

/** Plans of one statement that are told apart within a window. */
const maxPlans = 8;

/** Executions of a statement that await a verdict. */
export class Evidence {
  log: Moments = noMoments;
  calls = 0;
  seconds = 0;
  /** The end of the last window. */
  endMs = 0;
  /** What sessions with the statement did when they were looked at. */
  waits: WaitCounts | undefined;
  readonly #callsByPlan = new Map<string, number>();
  #plannedCalls = 0;
  #totalMs = 0;
  #rows = 0;
  #rowCalls = 0;
  #blocksRead = 0;
  #blockCalls = 0;

  add({ plan, calls, meanMs, standardDeviationMs, rowsPerCall, blocksReadPerCall }: Observation): void {
    this.log = mergeMoments(this.log, logMoments(calls, meanMs, standardDeviationMs));
    this.calls += calls;
    this.#totalMs += meanMs * calls;
    if (plan !== undefined) {
      this.#plannedCalls += calls;
      this.#count(plan, calls);
    }
    if (rowsPerCall !== undefined) {
      this.#rows += rowsPerCall * calls;
      this.#rowCalls += calls;
    }
    if (blocksReadPerCall !== undefined) {
      this.#blocksRead += blocksReadPerCall * calls;
      this.#blockCalls += calls;
    }
  }

  merge(other: Evidence): void {
    this.log = mergeMoments(this.log, other.log);
    this.calls += other.calls;
    this.seconds += other.seconds;
    this.endMs = other.endMs;
    this.waits = addWaits(this.waits, other.waits);
    this.#totalMs += other.#totalMs;
    this.#rows += other.#rows;
    this.#rowCalls += other.#rowCalls;
    this.#blocksRead += other.#blocksRead;
    this.#blockCalls += other.#blockCalls;
    this.#plannedCalls += other.#plannedCalls;
    for (const [plan, calls] of other.#callsByPlan) this.#count(plan, calls);
  }

  /** The plan of two thirds of the executions at least. Where several share a statement, none of them is its plan. */
  get plan(): string | undefined {
    for (const [plan, calls] of this.#callsByPlan) {
      if (calls * 3 >= this.#plannedCalls * 2) return plan;
    }
    return undefined;
  }

  get meanMs(): number {
    return this.calls === 0 ? 0 : this.#totalMs / this.calls;
  }

  get rowsPerCall(): number | undefined {
    return this.#rowCalls === 0 ? undefined : this.#rows / this.#rowCalls;
  }

  get blocksReadPerCall(): number | undefined {
    return this.#blockCalls === 0 ? undefined : this.#blocksRead / this.#blockCalls;
  }

  #count(plan: string, calls: number): void {
    const before = this.#callsByPlan.get(plan);
    if (before !== undefined || this.#callsByPlan.size < maxPlans) this.#callsByPlan.set(plan, (before ?? 0) + calls);
  }
}
