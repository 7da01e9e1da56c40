import { FakeClock } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { PlanBudget } from "./plan-budget.ts";

it("takes one hundredth of the time, whatever a single plan takes, and each database for itself", async () => {
  const clock = new FakeClock();
  const budget = new PlanBudget({ clock, intervalMs: 10_000 });
  let spentMs = 0;
  for (let second = 0; second < 600; second++) {
    while (budget.allows("shop")) {
      budget.spend("shop", 70);
      spentMs += 70;
    }
    await clock.advance(1000);
  }
  expect(spentMs).toBeGreaterThanOrEqual(6000);
  expect(spentMs).toBeLessThanOrEqual(6000 + 100 + 70);

  budget.spend("shop", 1000);
  expect([budget.allows("shop"), budget.allows("crm")]).toEqual([false, true]);
  await clock.advance(90_000);
  expect(budget.allows("shop")).toBe(false);
  await clock.advance(20_000);
  expect(budget.allows("shop")).toBe(true);
});

it("saves no more than one interval's worth", async () => {
  const clock = new FakeClock();
  const budget = new PlanBudget({ clock, intervalMs: 10_000 });
  await clock.advance(86_400_000);
  budget.spend("shop", 101);
  expect(budget.allows("shop")).toBe(false);
});

it("takes what the collector as a whole may cost, where that is more", () => {
  const clock = new FakeClock();
  const allows = (share: number, spentMs: number) => {
    const budget = new PlanBudget({ clock, intervalMs: 10_000, share });
    budget.spend("shop", spentMs);
    return budget.allows("shop");
  };
  expect([allows(0.005, 99), allows(0.005, 100), allows(0.1, 999), allows(0.1, 1000)]).toEqual([
    ...[true, false, true, false],
  ]);
});
