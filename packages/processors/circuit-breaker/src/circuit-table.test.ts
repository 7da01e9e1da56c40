import { expect, it } from "vitest";
import { records } from "../test/running.ts";
import { CircuitFinder } from "./circuit-finder.ts";
import { CircuitTable } from "./circuit-table.ts";

function table(max: number) {
  const forgotten: string[] = [];
  const circuits = new CircuitTable({
    max,
    ttlMs: 1000,
    modeOf: () => "auto",
    onForget: ({ database }) => forgotten.push(database),
  });
  const finder = new CircuitFinder({
    table: circuits,
    instanceAttributes: ["service.instance.id"],
    databaseAttributes: ["db.namespace"],
  });
  const find = (database: string, instance?: string) => {
    const batch = records(database, 1, {}, instance);
    if (batch.signal !== "logs") throw new Error("not logs");
    const cursor = batch.records();
    finder.begin();
    cursor.advance();
    return finder.find(cursor);
  };
  return { circuits, find, forgotten };
}

it("finds the same circuit for the same names, and another one for others", () => {
  const { find } = table(10_000);
  const seen = new Set(Array.from({ length: 5000 }, (_, index) => find(`tenant ${index % 50}`, `db${index % 100}`)));
  expect(seen.size).toBe(100);
  expect([...seen].map((circuit) => `${circuit?.instance}/${circuit?.database}`)).toContain("db51/tenant 1");
});

it("forgets the one silent longest beyond its bound, and all after their time", () => {
  const { circuits, find, forgotten } = table(2);
  circuits.at(0);
  for (const database of ["a", "b", "a", "c"]) find(database);
  expect(forgotten).toEqual(["b"]);
  circuits.at(1001);
  circuits.sweep();
  expect(circuits.size).toBe(0);
  expect(forgotten).toEqual(["b", "a", "c"]);
});

it("takes names of more than 512 bytes for none", () => {
  const { circuits, find } = table(2);
  expect(find("x".repeat(513))).toBeUndefined();
  expect(find("x".repeat(512))).toBeDefined();
  expect(circuits.size).toBe(1);
});
