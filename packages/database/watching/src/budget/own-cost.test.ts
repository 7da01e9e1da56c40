import type { Batch, Logs } from "@dbintel/pdata";
import { createTestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { StatementCosts } from "../session/statement-costs.ts";
import { budgetSettings } from "./budget-settings.ts";
import { OwnCost } from "./own-cost.ts";

const stepMs = 30_000;

it("books statements to the poll that asked, and tells of each step in a line and an event", async () => {
  const host = createTestHost();
  const sent: Logs[] = [];
  const consume = async (batch: Batch) => void (batch.signal === "logs" && sent.push(batch));
  const costs = new StatementCosts();
  const cost = new OwnCost({
    ...{ host, costs, endpoint: "db.example.com:5432", mostShare: 0.005, exempt: ["lease"] },
    next: { logs: { consume } },
  });
  cost.add("metrics", 10_000);
  cost.add("statements", 10_000);
  const poll = async (name: string, milliseconds: number) => {
    await costs.poll(name, async () => {
      costs.spent(milliseconds / 2);
      await costs.within("texts", async () => costs.spent(milliseconds / 2));
    });
    cost.polled(name);
  };
  for (let times = 0; times < 3; times++) {
    await poll("metrics", 10);
    await poll("statements", 90);
    await host.clock.advance(stepMs);
  }
  expect([cost.factor("metrics"), cost.factor("statements")]).toEqual([1, 1.5]);
  await cost.finish(new AbortController().signal);
  const message =
    "statements of db.example.com:5432 are polled 1.5 times as rarely: " +
    "the collector takes more of the database's time than its budget";
  expect(host.lines.map((line) => [line.level, line.message])).toEqual([["warn", message]]);
  // As the setting is written, so that the two can be compared at a glance.
  expect(host.lines[0]?.fields).toMatchObject({ total: "1%", budget: "0.5%" });
  const records = sent.flatMap((batch) => [...batch.records()].map(({ eventName, body }) => ({ eventName, body })));
  expect(records).toEqual([{ eventName: "dbintel.database.budget_step", body: message }]);

  // What nobody has asked for as a poll slows none down.
  costs.spent(1_000_000);
  for (let times = 0; times < 20; times++) {
    await host.clock.advance(stepMs);
    await poll("metrics", 10);
    await poll("statements", 10);
  }
  expect(cost.factor("statements")).toBe(1);
  expect(host.lines.at(-1)).toMatchObject({ level: "info", message: expect.stringContaining("as configured") });

  // Up and down for an hour: an event each time, and no further line that somebody reads.
  sent.length = 0;
  const toldBefore = host.lines.length;
  const phase = async (milliseconds: number) => {
    for (let times = 0; times < 8; times++) {
      await poll("statements", milliseconds);
      await host.clock.advance(stepMs);
    }
  };
  for (let times = 0; times < 6; times++) {
    await phase(300);
    await phase(1);
  }
  await cost.finish(new AbortController().signal);
  expect(sent.length).toBeGreaterThan(12);
  const levels = host.lines
    .slice(toldBefore)
    .filter(({ level }) => level !== "debug")
    .map(({ message }) => message);
  expect(levels.length).toBeLessThan(7);
  expect(new Set(levels).size).toBe(levels.length);
});

it("reads the budget as a percentage of one core", () => {
  expect(budgetSettings.parse(undefined).max_database_share).toBe(0.005);
  expect(budgetSettings.parse({ max_database_share: "2%" }).max_database_share).toBe(0.02);
  expect(() => budgetSettings.parse({ max_database_share: "0%" })).toThrow("more than 0%");
  expect(() => budgetSettings.parse({ max_database_share: "a lot" })).toThrow("expected a percentage");
});
