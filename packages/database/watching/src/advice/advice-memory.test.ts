import { expect, it } from "vitest";
import type { Advice } from "./advice.ts";
import { adviceChanges, type OpenAdvice } from "./advice-memory.ts";

function advice(rule: string, object: string): Advice {
  return { rule, object, schema: undefined, relation: undefined, sql: undefined, evidence: {} };
}

function look(open: readonly OpenAdvice[], found: readonly Advice[], asked = ["a", "b"], nowMicros = 5) {
  const changes = adviceChanges({ open, found, asked: new Set(asked), nowMicros });
  const names = (list: readonly Advice[]) => list.map(({ rule, object }) => `${rule} ${object}`);
  return { open: changes.open, appeared: names(changes.appeared), resolved: names(changes.resolved) };
}

it("tells an advice when it appears, and when two looks have missed it", () => {
  const first = look([], [advice("a", "x"), advice("b", "x")]);
  expect(first).toMatchObject({ appeared: ["a x", "b x"], resolved: [] });
  const second = look(first.open, [advice("a", "x")], undefined, 6);
  expect(second).toMatchObject({ appeared: [], resolved: [] });
  expect(second.open.map(({ sinceMicros }) => sinceMicros)).toEqual([5, 5]);
  const third = look(second.open, [advice("a", "x")]);
  expect(third).toMatchObject({ appeared: [], resolved: ["b x"] });
  expect(third.open).toHaveLength(1);
});

it("tells nothing of what comes and goes between two looks, nor of rules that were not asked", () => {
  const { open } = look([], [advice("a", "x"), advice("b", "x")]);
  const missed = look(open, [advice("b", "x")]);
  expect(look(missed.open, [advice("a", "x"), advice("b", "x")])).toMatchObject({ appeared: [], resolved: [] });
  const unasked = look(look(open, [], []).open, [], []);
  expect(unasked).toMatchObject({ resolved: [], open: [{ missed: 0 }, { missed: 0 }] });
});
