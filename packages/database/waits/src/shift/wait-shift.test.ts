import { expect, it } from "vitest";
import { ordinalOf, type WaitCategory, waitCategories } from "../category.ts";
import { noWaits, type WaitProfile } from "../profile/wait-profile.ts";
import { chiSquareUpperTail } from "./chi-square.ts";
import { waitShift } from "./wait-shift.ts";

/** A profile of samples of one second. */
function profile(samples: Partial<Readonly<Record<WaitCategory, number>>>): WaitProfile {
  const counts = waitCategories.map(() => 0);
  for (const [category, count] of Object.entries(samples)) counts[ordinalOf(category as WaitCategory)] = count;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return {
    ...noWaits,
    samples: total,
    seconds: total,
    squares: total,
    samplesByCategory: counts,
    secondsByCategory: counts,
  };
}

// Abramowitz and Stegun, table 26.8: percentage points of the χ² distribution.
it.each([
  [3.84146, 1, 0.05],
  [10.8276, 1, 0.001],
  [5.99146, 2, 0.05],
  [13.8155, 2, 0.001],
  [11.3449, 3, 0.01],
  [11.0705, 5, 0.05],
  [18.307, 10, 0.05],
  [27.587, 17, 0.05],
  [0.00393214, 1, 0.95],
  [0, 4, 1],
])("knows the upper tail at %d with %d degrees of freedom", (x, degreesOfFreedom, probability) => {
  expect(chiSquareUpperTail(x, degreesOfFreedom)).toBeCloseTo(probability, 5);
});

it("computes Pearson's test", () => {
  // A. Agresti, "An Introduction to Categorical Data Analysis" (2007), table 2.5: χ² = 30.1, df = 2, of women and men
  // by party.
  const women = profile({ cpu: 762, io_data: 327, network: 468 });
  const men = profile({ cpu: 484, io_data: 239, network: 477 });
  const shift = waitShift(women, men, { designEffect: 1 });
  expect(shift?.chiSquare).toBeCloseTo(30.07, 2);
  expect(shift?.degreesOfFreedom).toBe(2);
  expect(shift?.pValue).toBeCloseTo(3e-7, 7);
  // Far from chance, and still a trifle.
  expect(shift?.shifted).toBe(false);
});

it("corrects the comparison of two categories", () => {
  const enough = waitShift(profile({ cpu: 20, io_data: 30 }), profile({ cpu: 30, io_data: 20 }), { designEffect: 1 });
  // (|ad - bc| - n/2)² n / (product of the margins) = (500 - 50)² 100 / 50⁴
  expect(enough?.chiSquare).toBeCloseTo(3.24, 10);
});

it("sees a wait that never was before, however much is known of before", () => {
  const shift = waitShift(profile({ cpu: 4000 }), profile({ cpu: 10, lock_row: 90 }));
  expect(shift).toMatchObject({ shifted: true, gained: { category: "lock_row", before: 0, after: 0.9 } });
});

it("finds what has moved where", () => {
  const shift = waitShift(profile({ cpu: 900, io_data: 100 }), profile({ cpu: 100, lock_row: 80, io_data: 20 }));
  expect(shift).toMatchObject({
    shifted: true,
    gained: { category: "lock_row", before: 0, after: 0.4 },
    lost: { category: "cpu", before: 0.9, after: 0.5 },
    samplesBefore: 1000,
    samplesAfter: 200,
  });
  expect(shift?.moved).toBeCloseTo(0.4, 12);
});

it("has an effect size that does not depend on the numbers of samples", () => {
  const effect = (before: number, after: number) =>
    waitShift(profile({ cpu: 9 * before, io_data: before }), profile({ cpu: 6 * after, io_data: 4 * after }))?.cramersV;
  expect(effect(10, 10)).toBeCloseTo(effect(10_000, 10) ?? Number.NaN, 12);
  const apart = waitShift(profile({ cpu: 100 }), profile({ io_log: 50 }));
  expect(apart?.cramersV).toBe(1);
  const same = waitShift(profile({ cpu: 100 }), profile({ cpu: 50 }));
  expect(same).toMatchObject({ cramersV: 0, moved: 0, pValue: 1, shifted: false });
});

it("takes rare categories together, and says nothing of few samples", () => {
  const rare = waitShift(
    profile({ cpu: 1000, io_log: 3, latch: 3, buffer: 3 }),
    profile({ cpu: 990, io_temp: 4, parallel: 3, network: 3 }),
  );
  expect(rare?.degreesOfFreedom).toBe(1);
  expect(waitShift(profile({ cpu: 29 }), profile({ cpu: 1000 }))).toBeUndefined();
});
