import type { DbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import type { Host } from "@dbintel/pipeline";
import type { StatementGuard } from "../statement-guard.ts";
import { PlanBudget } from "./plan-budget.ts";
import { PlanMemory, type PlanOccasion, planOccasions } from "./plan-memory.ts";
import type { NoPlanReason, PlanOutcome } from "./plan-outcome.ts";

/** A statement that is about to be reported. */
export interface PlanCandidate {
  /** What tells it from all others that may have another plan. */
  readonly name: string;
  /** Of the interval, in milliseconds. */
  readonly meanMs: number;
}

/** One whose plan is to be asked for, and why. */
export type DuePlan<Candidate> = Candidate & { readonly occasion: PlanOccasion };

export interface PlanBookOptions {
  readonly host: Host;
  /** Of the counter of plans by outcome. */
  readonly counter: string;
  /** Statements whose plan is remembered, and for how long. */
  readonly cacheSize: number;
  readonly cacheTtlMs: number;
  /** Time between two polls in milliseconds. */
  readonly intervalMs: number;
  /** What the collector as a whole may cost the server, as a share of one core: plans may take that, or 1 %. */
  readonly mostShare?: number | undefined;
}

/** The class of statements that ask for plans: the first that an overloaded server does without. */
const planClass = "plans";

/** What is known of the plans of a server's statements, and what asking for them may cost. Counts what came of each. */
export class PlanBook<Source extends string = string> {
  readonly #host: Host;
  readonly #memory: PlanMemory<Source>;
  readonly #budget: PlanBudget;
  readonly #counter;

  constructor(options: PlanBookOptions) {
    const { host, cacheSize: size, cacheTtlMs, intervalMs, mostShare: share = 0 } = options;
    this.#host = host;
    const ttlMs = () => cacheTtlMs * host.shared(feedback).savings.coldIntervalFactor;
    this.#budget = new PlanBudget({ clock: host.clock, intervalMs, share });
    this.#memory = new PlanMemory({ clock: host.clock, size, ttlMs, retryMs: intervalMs });
    this.#counter = host.meter.createCounter(options.counter, {
      description: "Plans of statements by outcome: explained, remembered from before, or why there is none.",
      unit: "{plans}",
    });
  }

  /** What one poll says about plans; nothing yet. */
  begin(): PollPlans<Source> {
    const { savings } = this.#host.shared(feedback);
    return new PollPlans({
      memory: this.#memory,
      count: (outcome) => this.#counter.add(1, { outcome }),
      suppressRepeats: savings.suppressRepeats,
    });
  }

  /** Of the statement of this name. */
  known(name: string): PlanOutcome<Source> | undefined {
    return this.#memory.get(name);
  }

  /** Whether another plan may be asked for in a place that has a budget of its own, such as a database. */
  allows(place: string): boolean {
    return this.#budget.allows(place);
  }

  /** Takes the time that something needs from the budget of a place. */
  async paid<T>(place: string, work: () => Promise<T>): Promise<T> {
    const { clock } = this.#host;
    const startedMs = clock.monotonicMs();
    try {
      return await work();
    } finally {
      this.#budget.spend(place, clock.monotonicMs() - startedMs);
    }
  }

  /** Has plans asked for, if that is possible now. Returns what `work` says, or why nothing was asked for. */
  async ask<Told>(args: {
    readonly guard: StatementGuard;
    readonly problems: DbintelError[];
    readonly signal: AbortSignal;
    /** Explains what the driver reports. */
    readonly problemOf: (error: unknown) => DbintelError;
    readonly work: () => Promise<Told>;
  }): Promise<Told | "held_back"> {
    const { guard, problems, signal, problemOf, work } = args;
    try {
      return (await guard.ask({ collectorClass: planClass, cold: true, work })) ?? "held_back";
    } catch (error) {
      signal.throwIfAborted();
      problems.push(problemOf(error));
      return "held_back";
    }
  }
}

/** What the events of one poll say about plans, by the names of statements. */
export class PollPlans<Source extends string = string> {
  readonly #memory: PlanMemory<Source>;
  readonly #count: (outcome: string) => void;
  readonly #suppressRepeats: boolean;
  readonly #told = new Map<string, PlanOutcome<Source> | undefined>();

  constructor(args: {
    readonly memory: PlanMemory<Source>;
    readonly count: (outcome: string) => void;
    /** Whether nothing is said again of what is known. */
    readonly suppressRepeats: boolean;
  }) {
    this.#memory = args.memory;
    this.#count = args.count;
    this.#suppressRepeats = args.suppressRepeats;
  }

  /** `undefined` where nothing is to be said. */
  get(name: string): PlanOutcome<Source> | undefined {
    return this.#told.get(name);
  }

  has(name: string): boolean {
    return this.#told.has(name);
  }

  /** Says again what is known. The others are left, each name once: the most urgent first, then in their order. */
  due<Candidate extends PlanCandidate>(candidates: readonly Candidate[]): readonly DuePlan<Candidate>[] {
    const due = new Map<string, DuePlan<Candidate>>();
    for (const candidate of candidates) {
      const { name, meanMs } = candidate;
      if (due.has(name) || this.has(name)) continue;
      const occasion = this.#memory.occasion(name, meanMs);
      const known = this.#memory.get(name);
      if (occasion !== undefined || known === undefined) due.set(name, { ...candidate, occasion: occasion ?? "new" });
      else {
        this.#count(known.reason ?? "remembered");
        this.#told.set(name, this.#suppressRepeats ? undefined : known);
      }
    }
    return [...due.values()].toSorted((a, b) => planOccasions.indexOf(a.occasion) - planOccasions.indexOf(b.occasion));
  }

  /** Says what was found, and remembers it. */
  learn(due: DuePlan<PlanCandidate>, outcome: PlanOutcome<Source>): void {
    this.#memory.remember({ ...due, statement: due.name, outcome });
    this.#tell(due.name, outcome);
  }

  /** Says of those of which nothing is said yet why; they are asked for at the next poll. */
  leave(due: readonly PlanCandidate[], reason: NoPlanReason): void {
    for (const { name } of due) if (!this.has(name)) this.#tell(name, { reason });
  }

  #tell(name: string, outcome: PlanOutcome<Source>): void {
    this.#count(outcome.reason ?? "explained");
    this.#told.set(name, outcome);
  }
}
