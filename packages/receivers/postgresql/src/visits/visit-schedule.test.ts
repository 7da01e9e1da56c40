import { expect, it } from "vitest";
import type { Errand } from "./errand.ts";
import { VisitSchedule } from "./visit-schedule.ts";

const objects: Errand = { name: "objects", intervalMs: 60_000, run: async () => {} };
const schema: Errand = { name: "schema", intervalMs: 600_000, run: async () => {} };

function names(schedule: VisitSchedule, nowMs: number): readonly string[] {
  return schedule
    .due(nowMs)
    .map(({ database, errands }) => `${database}: ${errands.map(({ name }) => name).join(",")}`);
}

it("has new databases visited at once, and each again when the interval of an errand is over", () => {
  const schedule = new VisitSchedule([objects, schema]);
  schedule.update(["a", "b"], 0);
  expect(names(schedule, 0)).toEqual(["a: objects,schema", "b: objects,schema"]);
  for (const errand of [objects, schema]) schedule.done({ database: "a", errand, nowMs: 0, tookMs: 5, factor: 1 });
  expect(names(schedule, 59_999)).toEqual(["b: objects,schema"]);
  expect(names(schedule, 60_000)).toEqual(["b: objects,schema", "a: objects"]);
  schedule.update(["b", "c"], 60_000);
  expect(names(schedule, 60_000)).toEqual(["b: objects,schema", "c: objects,schema"]);
});

it("reaches every one of 1,000 databases in turn when only some fit into a round", () => {
  const schedule = new VisitSchedule([objects]);
  const databases = Array.from({ length: 1000 }, (_, index) => `db${index}`);
  const visits = new Map<string, number>();
  for (let nowMs = 0; nowMs < 400_000; nowMs += 10_000) {
    schedule.update(databases, nowMs);
    for (const { database } of schedule.due(nowMs).slice(0, 50)) {
      schedule.done({ database, errand: objects, nowMs, tookMs: 0, factor: 1 });
      visits.set(database, (visits.get(database) ?? 0) + 1);
    }
  }
  expect(new Set(databases.map((database) => visits.get(database)))).toEqual(new Set([2]));
});

it("tells by how much it is late", () => {
  const schedule = new VisitSchedule([objects, schema]);
  schedule.update(["a", "b", "c"], 0);
  for (const database of ["a", "b"]) schedule.done({ database, errand: objects, nowMs: 0, tookMs: 0, factor: 1 });
  expect(schedule.lags(90_000)).toEqual([
    { errand: "objects", lagMs: 90_000, pending: 3 },
    { errand: "schema", lagMs: 90_000, pending: 3 },
  ]);
  schedule.done({ database: "c", errand: objects, nowMs: 90_000, tookMs: 0, factor: 1 });
  expect(schedule.lags(90_000)[0]).toEqual({ errand: "objects", lagMs: 30_000, pending: 2 });
});

it("asks a database rarely in which an errand takes long, a budget wants less, or it fails", () => {
  const schedule = new VisitSchedule([objects]);
  schedule.update(["slow", "saved", "broken"], 0);
  schedule.done({ database: "slow", errand: objects, nowMs: 0, tookMs: 3000, factor: 1 });
  schedule.done({ database: "saved", errand: objects, nowMs: 0, tookMs: 10, factor: 4 });
  schedule.failed({ database: "broken", errand: objects, nowMs: 0 });
  expect(names(schedule, 60_000)).toEqual(["broken: objects"]);
  schedule.failed({ database: "broken", errand: objects, nowMs: 60_000 });
  expect(names(schedule, 179_999)).toEqual([]);
  expect(names(schedule, 300_000)).toEqual(["broken: objects", "saved: objects", "slow: objects"]);
  // A visit that ends after its database was dropped changes nothing.
  schedule.update([], 300_000);
  schedule.done({ database: "slow", errand: objects, nowMs: 300_000, tookMs: 1, factor: 1 });
  expect(names(schedule, 1e9)).toEqual([]);
});

it("keeps due what could not be reached, behind what was due before", () => {
  const schedule = new VisitSchedule([objects]);
  schedule.update(["a", "b"], 0);
  schedule.putOff({ database: "a", errand: objects, nowMs: 10 });
  expect(names(schedule, 10)).toEqual(["b: objects", "a: objects"]);
});
