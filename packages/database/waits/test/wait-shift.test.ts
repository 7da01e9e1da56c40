import { expect, it } from "vitest";
import { type WaitCategory, type WaitProfile, WaitProfiles, type WaitShiftSettings, waitShift } from "../src/index.ts";
import { waitTrend } from "../src/shift/wait-trend.ts";
import { pick, randomOf } from "./random.ts";

type Mix = readonly (readonly [WaitCategory, number])[];

const calm: Mix = [
  ["cpu", 0.6],
  ["io_data", 0.2],
  ["lock_row", 0.1],
  ["network", 0.1],
];
const waiting: Mix = [
  ["cpu", 0.25],
  ["io_data", 0.15],
  ["lock_row", 0.5],
  ["network", 0.1],
];

/** Five minutes of four sessions that are looked at each second and stay in what they do for five seconds on average. */
function window(random: () => number, mix: Mix): WaitProfile {
  const profiles = new WaitProfiles();
  const sessions = Array.from({ length: 4 }, () => pick(random, mix) ?? "cpu");
  for (let second = 1; second <= 300; second++) {
    for (const [slot, session] of sessions.entries()) {
      const category = random() < 0.2 ? (pick(random, mix) ?? "cpu") : session;
      sessions[slot] = category;
      profiles.add({ database: "shop", category, seconds: 1, timeMs: second * 1000 - 1 });
    }
  }
  return profiles.profile({ database: "shop", timeMs: 300_000 - 1 }) ?? expect.fail("nothing was sampled");
}

/** The share of pairs of windows that the test tells apart. */
function told(before: Mix, after: Mix, settings: Partial<WaitShiftSettings>): number {
  const random = randomOf(7);
  let shifted = 0;
  for (let pair = 0; pair < 200; pair++) {
    if (waitShift(window(random, before), window(random, after), settings)?.shifted === true) shifted++;
  }
  return shifted / 200;
}

it("tells windows apart that differ, and takes those for the same that differ by chance", () => {
  expect(told(calm, calm, {})).toBe(0);
  expect(told(calm, waiting, {})).toBeGreaterThanOrEqual(0.95);
});

it("is wrong as often as it says, given for how many samples a session stays", () => {
  const asOftenAs = { effect: 0, significance: 0.05 };
  expect(told(calm, calm, { ...asOftenAs, designEffect: 2 * 5 - 1 })).toBeCloseTo(0.05, 1);
  // As if all samples were independent.
  expect(told(calm, calm, { ...asOftenAs, designEffect: 1 })).toBeGreaterThan(0.3);
});

/** How many of 200 pairs of windows are called what. */
function trends(before: Mix, after: Mix) {
  const random = randomOf(11);
  const counts = { improving: 0, steady: 0, worsening: 0 };
  for (let pair = 0; pair < 200; pair++) {
    const told = waitTrend(window(random, before), window(random, after));
    if (told !== undefined) counts[told.trend]++;
  }
  return counts;
}

it("tells better from worse, and takes chance for neither", () => {
  expect(trends(calm, calm)).toEqual({ improving: 0, steady: 200, worsening: 0 });
  expect(trends(calm, waiting).worsening).toBeGreaterThanOrEqual(190);
  expect(trends(waiting, calm).improving).toBeGreaterThanOrEqual(190);
});
