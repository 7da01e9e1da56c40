import type { Clock } from "@dbintel/pipeline";

/** A poll has become slower or quicker for the budget's sake. */
export interface BudgetStep {
  readonly poll: string;
  /** How many times longer its interval was, and is now. */
  readonly from: number;
  readonly to: number;
  /** What it takes of the source's time at the interval it had. */
  readonly share: number;
  /** What all polls that were judged take, as it was. */
  readonly total: number;
}

export interface CostBudgetOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Share of the time of one core of the source that all polls may take together. */
  readonly mostShare: number;
  /** Polls that are never slowed down. */
  readonly exempt?: readonly string[];
  readonly onStep: (step: BudgetStep) => void;
}

/** How many times longer an interval becomes, step by step. */
const factors = [1, 1.5, 2, 3, 4, 6, 8] as const;
/** A poll is judged when so many of it were measured: the first ones look at everything. */
const judgedPolls = 3;
/** How much the newest poll counts in the average. */
const weight = 0.3;
/** Between two steps, so that each shows its effect. */
const stepMs = 30_000;
/** What a step back would bring must stay below this part of the budget. */
const calm = 0.8;

interface PollCost {
  readonly intervalMs: number;
  /** Of the poll that is under way. */
  spentMs: number;
  averageMs: number;
  polls: number;
  level: number;
}

/**
 * Holds what polls take of their source's time below a budget: while they take more, the interval of the dearest one
 * grows step by step, and shrinks again when that leaves room. What a poll takes is its average time by its interval.
 */
export class CostBudget {
  readonly #options: CostBudgetOptions;
  /** By name; a receiver has a fixed number of them. */
  readonly #polls = new Map<string, PollCost>();
  #steppedMs = Number.NEGATIVE_INFINITY;

  constructor(options: CostBudgetOptions) {
    this.#options = options;
  }

  /** Adds a poll. */
  add(poll: string, intervalMs: number): void {
    this.#polls.set(poll, { intervalMs, spentMs: 0, averageMs: 0, polls: 0, level: 0 });
  }

  /** A statement of a poll took this long. */
  spent(poll: string, milliseconds: number): void {
    const cost = this.#polls.get(poll);
    if (cost !== undefined) cost.spentMs += milliseconds;
  }

  /** A poll has ended; may take a step. */
  polled(poll: string): void {
    const cost = this.#polls.get(poll);
    if (cost === undefined) return;
    const { spentMs, averageMs, polls } = cost;
    // A poll that asked nothing says nothing of what one costs.
    if (spentMs === 0) return;
    // What the first ones found out once is not what polls cost.
    cost.averageMs = polls < judgedPolls ? spentMs : averageMs + weight * (spentMs - averageMs);
    cost.polls++;
    cost.spentMs = 0;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#steppedMs >= stepMs && this.#step()) this.#steppedMs = nowMs;
  }

  /** ≥ 1: how many times longer the interval of a poll is for now. */
  factor(poll: string): number {
    return factorOf(this.#polls.get(poll)?.level ?? 0);
  }

  /** What a poll takes of one core's time. */
  share(poll: string): number {
    const cost = this.#polls.get(poll);
    return cost === undefined ? 0 : shareOf(cost, cost.level);
  }

  /** What all polls take. */
  get total(): number {
    return [...this.#polls.values()].reduce((sum, cost) => sum + shareOf(cost, cost.level), 0);
  }

  #step(): boolean {
    const { mostShare, exempt = [] } = this.#options;
    const judged = [...this.#polls].filter(([, { polls }]) => polls >= judgedPolls);
    const total = judged.reduce((sum, [, cost]) => sum + shareOf(cost, cost.level), 0);
    const movable = judged.filter(([name]) => !exempt.includes(name));
    if (total > mostShare) {
      const slower = movable.filter(([, { level }]) => level < factors.length - 1);
      const [dearest] = slower.toSorted(([, a], [, b]) => shareOf(b, b.level) - shareOf(a, a.level));
      return this.#move(dearest, 1, total);
    }
    const quicker = movable
      .filter(([, { level }]) => level > 0)
      .map(([name, cost]) => ({ name, cost, added: shareOf(cost, cost.level - 1) - shareOf(cost, cost.level) }))
      .filter(({ added }) => total + added <= calm * mostShare)
      .toSorted((a, b) => a.added - b.added);
    const [cheapest] = quicker;
    return this.#move(cheapest === undefined ? undefined : [cheapest.name, cheapest.cost], -1, total);
  }

  #move(chosen: readonly [string, PollCost] | undefined, by: 1 | -1, total: number): boolean {
    if (chosen === undefined) return false;
    const [poll, cost] = chosen;
    const [from, share] = [factorOf(cost.level), shareOf(cost, cost.level)];
    cost.level += by;
    this.#options.onStep({ poll, from, to: factorOf(cost.level), share, total });
    return true;
  }
}

function shareOf({ averageMs, intervalMs }: PollCost, level: number): number {
  return averageMs / (intervalMs * factorOf(level));
}

function factorOf(level: number): number {
  return factors[level] ?? 1;
}
