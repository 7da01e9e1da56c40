import { expect, it } from "vitest";
import { averageActiveSessions, classShare, mergeProfiles, noWaits, waitShare } from "./wait-profile.ts";
import { WaitProfiles } from "./wait-profiles.ts";

const database = "shop";
const startMs = 1_800_000_000_000;

function sampled(categories: readonly ("cpu" | "io_data" | "io_log" | "idle")[], seconds = 1) {
  const profiles = new WaitProfiles();
  for (const [second, category] of categories.entries()) {
    profiles.add({ database, query: "q", category, seconds, timeMs: startMs + (second + 1) * seconds * 1000 });
  }
  return profiles;
}

it("tells the load in average active sessions, from the first sample on and then over the window", () => {
  const profiles = sampled(Array<"cpu">(20).fill("cpu"));
  const at = (seconds: number) =>
    profiles.profile({ database, query: "q", timeMs: startMs + seconds * 1000 }) ?? noWaits;
  expect(averageActiveSessions(at(20))).toBeCloseTo(1, 10);
  expect(averageActiveSessions(at(40))).toBeCloseTo(0.5, 10);
  expect(at(320)).toBe(noWaits);
  expect(averageActiveSessions(noWaits)).toBe(0);
});

it("does not sell three samples as the truth", () => {
  const { share, low, high, samples } = waitShare(
    sampled(["io_data", "io_data", "io_data"]).profile({ database, timeMs: startMs + 3000 }) ?? noWaits,
    "io_data",
  );
  expect({ share, high, samples }).toEqual({ share: 1, high: 1, samples: 3 });
  expect(low).toBeCloseTo(0.4385, 4);
});

it("takes samples that weigh unevenly for fewer", () => {
  const profiles = new WaitProfiles();
  for (let sample = 0; sample < 100; sample++) {
    profiles.add({ database, category: "cpu", seconds: sample === 0 ? 100 : 0.01, timeMs: startMs });
  }
  expect(waitShare(profiles.profile({ database, timeMs: startMs }) ?? noWaits, "cpu").low).toBeCloseTo(0.21, 2);
});

it("adds categories up, without those of idle sessions", () => {
  const profile = sampled(["cpu", "io_data", "io_log", "idle", "idle"]).profile({ database, timeMs: startMs + 5000 });
  expect(waitShare(profile ?? noWaits, "io_data", "io_log").share).toBeCloseTo(2 / 3, 12);
  expect(classShare(profile ?? noWaits, "io").share).toBeCloseTo(2 / 3, 12);
  expect(profile?.samples).toBe(3);
  expect(waitShare(noWaits, "cpu")).toEqual({ share: 0, low: 0, high: 1, samples: 0 });
});

it("merges times one after the other, and sessions of the same time", () => {
  const one = { ...noWaits, samples: 10, seconds: 10, squares: 10, windowSeconds: 60 };
  expect(mergeProfiles(one, one, "successive")).toMatchObject({ samples: 20, windowSeconds: 120 });
  expect(mergeProfiles(one, one, "same")).toMatchObject({ samples: 20, windowSeconds: 60 });
});

it("lists what was sampled within the window", () => {
  const profiles = new WaitProfiles({ windowSeconds: 60, sliceSeconds: 30 });
  profiles.add({ database: "old", query: "x", category: "cpu", seconds: 1, timeMs: startMs });
  profiles.add({ database, query: "y", category: "cpu", seconds: 1, timeMs: startMs + 90_000 });
  expect(profiles.databases(startMs + 90_000)).toEqual([database]);
  expect(profiles.queries(database, startMs + 90_000)).toEqual(["y"]);
  expect(profiles.queries("old", startMs + 90_000)).toEqual([]);
});

it("counts a sample that is late for the slice, and one that is too late for none", () => {
  const profiles = new WaitProfiles({ windowSeconds: 60, sliceSeconds: 30 });
  const add = (timeMs: number, seconds = 1) => profiles.add({ database, category: "cpu", seconds, timeMs });
  add(startMs + 90_000);
  add(startMs + 60_000);
  add(startMs);
  add(startMs + 90_000, 0);
  add(startMs + 90_000, Number.NaN);
  add(Number.NaN);
  add(Number.POSITIVE_INFINITY);
  expect(profiles.profile({ database, timeMs: startMs + 90_000 })?.samples).toBe(2);
  expect(profiles.late).toBe(5);
});

it("knows that a database was looked at while it was idle", () => {
  const profiles = new WaitProfiles();
  profiles.add({ database, query: "q", category: "idle", seconds: 1, timeMs: startMs });
  const idle = profiles.profile({ database, timeMs: startMs + 10_000 });
  expect(idle).toEqual({ ...noWaits, windowSeconds: 11 });
  expect(profiles.queryCount).toBe(0);
});

it("lets the statement go that was seen longest ago, and says so", () => {
  const profiles = new WaitProfiles({ maxQueries: 2 });
  for (const query of ["a", "b", "a", "c"])
    profiles.add({ database, query, category: "cpu", seconds: 1, timeMs: startMs });
  expect(profiles.queries(database, startMs)).toEqual(["b", "c"]);
  expect(profiles.evicted).toBe(1);
  expect(profiles.profile({ database, timeMs: startMs })?.samples).toBe(4);
});

it("lets go of databases beyond its bound, and of statements of the database that was quiet longest", () => {
  const profiles = new WaitProfiles({ maxQueries: 2, maxDatabases: 2 });
  const add = (name: string, query: string, slice: number) =>
    profiles.add({ database: name, query, category: "cpu", seconds: 1, timeMs: startMs + slice * 30_000 });
  add("one", "a", 0);
  add("two", "b", 1);
  add("two", "c", 1);
  expect(profiles.queries("one", startMs + 30_000)).toEqual([]);
  expect(profiles.queries("two", startMs + 30_000)).toEqual(["b", "c"]);
  add("three", "d", 2);
  expect(profiles.databases(startMs + 60_000)).toEqual(["two", "three"]);
  expect(profiles.queryCount).toBe(2);
  expect(profiles.evicted).toBe(2);
});

it("forgets statements that have left the window when the next slice begins", () => {
  const profiles = new WaitProfiles({ windowSeconds: 60, sliceSeconds: 30 });
  for (const slice of [0, 1, 2]) {
    profiles.add({ database, query: `q${slice}`, category: "cpu", seconds: 1, timeMs: startMs + slice * 30_000 });
  }
  expect(profiles.queryCount).toBe(2);
  expect(profiles.evicted).toBe(0);
});
