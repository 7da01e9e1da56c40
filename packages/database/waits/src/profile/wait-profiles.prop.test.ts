import fc from "fast-check";
import { expect, it } from "vitest";
import { ordinalOf, waitCategories } from "../category.ts";
import { mergeProfiles, noWaits } from "./wait-profile.ts";
import { WaitProfiles, type WaitSample } from "./wait-profiles.ts";

/** Samples of a minute or two in the order of their times. Seconds are eighths, so that sums are exact. */
const samples = fc
  .array(
    fc.record({
      database: fc.constantFrom("one", "two"),
      query: fc.constantFrom("a", "b", undefined),
      category: fc.constantFrom(...waitCategories),
      seconds: fc.integer({ min: 1, max: 80 }).map((eighths) => eighths / 8),
      timeMs: fc.integer({ min: 1_000_000, max: 1_120_000 }),
    }),
    { maxLength: 200 },
  )
  .map((all) => all.toSorted((one, other) => one.timeMs - other.timeMs));

const settings = { windowSeconds: 40, sliceSeconds: 10 };

/** The samples of the window of `timeMs`, which begins with a slice. */
function inWindow(all: readonly WaitSample[], timeMs: number) {
  const first = Math.floor(timeMs / 10_000) - 3;
  return all.filter((sample) => sample.category !== "idle" && Math.floor(sample.timeMs / 10_000) >= first);
}

it("counts exactly what was sampled within the window", () => {
  fc.assert(
    fc.property(samples, (all) => {
      const profiles = new WaitProfiles(settings);
      for (const sample of all) profiles.add(sample);
      const timeMs = all.at(-1)?.timeMs ?? 0;
      for (const database of ["one", "two"]) {
        for (const query of ["a", "b", undefined]) {
          const counted = inWindow(all, timeMs).filter(
            (sample) => sample.database === database && (query === undefined || sample.query === query),
          );
          const profile = profiles.profile({ database, query, timeMs }) ?? noWaits;
          expect(profile.samples).toBe(counted.length);
          expect(profile.seconds).toBe(counted.reduce((sum, { seconds }) => sum + seconds, 0));
          for (const category of waitCategories) {
            const same = counted.filter((sample) => sample.category === category);
            expect(profile.samplesByCategory[ordinalOf(category)]).toBe(same.length);
            expect(profile.secondsByCategory[ordinalOf(category)]).toBe(
              same.reduce((sum, { seconds }) => sum + seconds, 0),
            );
          }
        }
      }
    }),
  );
});

it("merges to the profile of all samples together", () => {
  fc.assert(
    fc.property(samples, (all) => {
      const timeMs = all.at(-1)?.timeMs ?? 0;
      const parts = [new WaitProfiles(settings), new WaitProfiles(settings)];
      const together = new WaitProfiles(settings);
      for (const [place, sample] of all.entries()) {
        const one = { ...sample, database: "one" };
        parts[place % 2]?.add(one);
        together.add(one);
      }
      const [left, right] = parts.map((part) => part.profile({ database: "one", timeMs }) ?? noWaits);
      const { windowSeconds: _, ...merged } = mergeProfiles(left ?? noWaits, right ?? noWaits, "same");
      expect(together.profile({ database: "one", timeMs }) ?? noWaits).toMatchObject(merged);
    }),
  );
});

it("keeps to its bounds", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(30), fc.nat(5)), { maxLength: 300 }),
      fc.integer({ min: 1, max: 8 }),
      (steps, max) => {
        const profiles = new WaitProfiles({ ...settings, maxQueries: max, maxDatabases: max });
        let timeMs = 0;
        for (const [query, slices] of steps) {
          timeMs += slices * 2_000;
          profiles.add({ database: String(query % 10), query: String(query), category: "cpu", seconds: 1, timeMs });
          expect(profiles.queryCount).toBeLessThanOrEqual(max);
          expect(profiles.databases(timeMs).length).toBeLessThanOrEqual(max);
          expect(profiles.profile({ database: String(query % 10), query: String(query), timeMs })).toBeDefined();
        }
      },
    ),
  );
});
