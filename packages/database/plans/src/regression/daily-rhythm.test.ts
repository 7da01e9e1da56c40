import { expect, it } from "vitest";
import { expectedOffset, hourOf, learnOffset, noRhythm } from "./daily-rhythm.ts";

it("believes an hour the more, the more often it has seen it", () => {
  let rhythm = noRhythm;
  expect(expectedOffset(rhythm, 8)).toBe(0);
  for (let count = 0; count < 12; count++) rhythm = learnOffset(rhythm, 8, 0.4, 84);
  expect(expectedOffset(rhythm, 8)).toBeCloseTo(0.2, 12);
  for (let count = 0; count < 1000; count++) rhythm = learnOffset(rhythm, 8, 0.4, 84);
  expect(expectedOffset(rhythm, 8)).toBeCloseTo((0.4 * 84) / 96, 12);
  expect(expectedOffset(rhythm, 9)).toBe(0);
});

it("follows an hour that changes", () => {
  let rhythm = noRhythm;
  for (let count = 0; count < 1000; count++) rhythm = learnOffset(rhythm, 23, count < 100 ? 0.4 : -0.4, 84);
  expect(rhythm.offsets[23]).toBeCloseTo(-0.4, 2);
});

it.each([
  ["2026-01-01T00:00:00Z", 0],
  ["2026-01-01T23:59:59Z", 23],
  ["2026-07-01T12:30:00Z", 12],
])("tells the hour of %s", (time, hour) => {
  expect(hourOf(Date.parse(time))).toBe(hour);
});
