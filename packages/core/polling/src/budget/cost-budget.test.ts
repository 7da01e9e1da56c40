import { FakeClock } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { type BudgetStep, CostBudget } from "./cost-budget.ts";

/** Polls that take as long as the test says, each at its interval times its factor. */
function running(costs: Record<string, number>, mostShare = 0.005, exempt: readonly string[] = []) {
  const clock = new FakeClock();
  const steps: BudgetStep[] = [];
  const budget = new CostBudget({ clock, mostShare, exempt, onStep: (step) => steps.push(step) });
  const intervals: Record<string, number> = { metrics: 10_000, statements: 60_000, lease: 1000 };
  const due = new Map<string, number>();
  for (const poll of Object.keys(costs)) {
    budget.add(poll, intervals[poll] ?? 10_000);
    due.set(poll, 0);
  }
  let spentMs = 0;
  return {
    budget,
    steps,
    costs,
    /** Lets time pass; answers with the share that the polls took of it. */
    run: async (milliseconds: number): Promise<number> => {
      spentMs = 0;
      const endMs = clock.monotonicMs() + milliseconds;
      for (; clock.monotonicMs() < endMs; await clock.advance(500)) {
        for (const [poll, dueMs] of due) {
          if (clock.monotonicMs() < dueMs) continue;
          const cost = costs[poll] ?? 0;
          spentMs += cost;
          budget.spent(poll, cost / 2);
          budget.spent(poll, cost / 2);
          budget.polled(poll);
          due.set(poll, clock.monotonicMs() + (intervals[poll] ?? 10_000) * budget.factor(poll));
        }
      }
      return spentMs / milliseconds;
    },
  };
}

const hourMs = 3_600_000;

describe("CostBudget", () => {
  it("slows nothing down that stays below the budget", async () => {
    const { run, steps, budget } = running({ metrics: 20, statements: 120 });
    await run(hourMs);
    expect(steps).toEqual([]);
    expect(budget.total).toBeCloseTo(0.002 + 0.002);
    expect(budget.share("statements")).toBeCloseTo(0.002);
  });

  it("slows the dearest poll down, step by step, until all together stay below, and leaves the others alone", async () => {
    const { run, steps, budget } = running({ metrics: 20, statements: 600 });
    await run(hourMs);
    expect(steps.map(({ poll, from, to }) => [poll, from, to])).toEqual([
      ["statements", 1, 1.5],
      ["statements", 1.5, 2],
      ["statements", 2, 3],
      ["statements", 3, 4],
    ]);
    expect(steps[0]?.share).toBeCloseTo(0.01);
    expect(steps[0]?.total).toBeCloseTo(0.012);
    expect(budget.factor("metrics")).toBe(1);
    expect(await run(hourMs)).toBeLessThanOrEqual(0.005);
  });

  it("comes back when there is room again, without going to and fro", async () => {
    const { run, steps, costs, budget } = running({ metrics: 20, statements: 600 });
    await run(hourMs);
    const slower = steps.length;
    costs.statements = 60;
    await run(hourMs);
    expect(budget.factor("statements")).toBe(1);
    expect(steps.slice(slower).every(({ from, to }) => to < from)).toBe(true);
    const after = steps.length;
    await run(hourMs);
    expect(steps.length).toBe(after);
  });

  it("goes no further than eight times the interval, and never slows down what is exempt", async () => {
    const { run, budget } = running({ statements: 60_000, lease: 100 }, 0.005, ["lease"]);
    await run(2 * hourMs);
    expect(budget.factor("statements")).toBe(8);
    expect(budget.factor("lease")).toBe(1);
  });

  it("does not judge by the first poll, which looks at everything, nor by polls that asked nothing", async () => {
    const { run, steps, costs, budget } = running({ metrics: 5000 });
    await run(10_000);
    costs.metrics = 1;
    await run(60_000);
    expect(steps).toEqual([]);
    costs.metrics = 0;
    const before = budget.total;
    await run(60_000);
    expect(budget.total).toBe(before);
  });
});
