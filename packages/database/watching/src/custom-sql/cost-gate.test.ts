import { FakeClock } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { CostGate } from "./cost-gate.ts";

function gated(limit: number) {
  const clock = new FakeClock();
  const gate = new CostGate({ clock, limit });
  let asked = 0;
  /** Whether a statement that costs so much would run. */
  const admits = async (cost: number | undefined, statement = "SELECT 1") => {
    await gate.ask(statement, async () => {
      asked++;
      return cost;
    });
    return gate.open;
  };
  return { clock, gate, admits, asked: () => asked };
}

it("asks before the first run, for another statement, and every ten minutes", async () => {
  const { clock, admits, asked } = gated(100);
  expect([await admits(100), await admits(101), asked()]).toEqual([true, true, 1]);
  expect([await admits(101, "SELECT 2"), asked()]).toEqual([false, 2]);
  await clock.advance(599_999);
  expect([await admits(1, "SELECT 2"), asked()]).toEqual([false, 2]);
  await clock.advance(1);
  expect([await admits(1, "SELECT 2"), asked()]).toEqual([true, 3]);
});

it("asks again after a run that took twice as long as those before", async () => {
  const { gate, admits, asked } = gated(100);
  await admits(1);
  for (const milliseconds of [60, 70, 110, 60]) gate.ran(milliseconds);
  expect([await admits(1), asked()]).toEqual([true, 1]);
  gate.ran(200);
  expect([await admits(1000), asked()]).toEqual([false, 2]);
});

it("lets through what has no cost, and everything without a limit", async () => {
  expect(await gated(100).admits(undefined)).toBe(true);
  const { admits, asked } = gated(0);
  expect([await admits(1e9), asked()]).toEqual([true, 0]);
});

it("asks again when asking failed", async () => {
  const { gate, admits, asked } = gated(100);
  await expect(gate.ask("SELECT 1", () => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
  expect([await admits(101), asked()]).toEqual([false, 1]);
});
